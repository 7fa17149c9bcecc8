/** The studio's rooms. A new one is a folder here and a line in `ROOMS`; its script loads when somebody enters. */

import type { Component } from "svelte";
import type { Studio } from "../state/studio.svelte";

export interface Room {
  readonly id: string;
  readonly title: string;
  /** What one does there, in a few words. */
  readonly line: string;
  load(): Promise<{ default: Component<{ studio: Studio }> }>;
}

export const ROOMS: readonly Room[] = [
  { id: "read", title: "Read", line: "Draw a digit and look inside", load: () => import("./read/Read.svelte") },
  { id: "turn", title: "Turn", line: "Turn any knob", load: () => import("./turn/Turn.svelte") },
  { id: "learn", title: "Learn", line: "Watch a network learn", load: () => import("./learn/Learn.svelte") },
  { id: "nudge", title: "Nudge", line: "Backpropagation, stage by stage", load: () => import("./nudge/Nudge.svelte") },
];

export function roomOf(id: string): Room {
  return ROOMS.find((room) => room.id === id) ?? ROOMS[0];
}
