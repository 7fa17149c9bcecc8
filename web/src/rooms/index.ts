/** The studio's rooms. A new one is a folder here and a line in `ROOMS`; its script loads on first entry. */

import type { Component } from "svelte";
import type { Studio } from "../state/studio.svelte";

export interface Room {
  readonly id: string;
  readonly title: string;
  /** What it is for, in a few words. */
  readonly line: string;
  load(): Promise<{ default: Component<{ studio: Studio }> }>;
}

export const ROOMS: readonly Room[] = [
  { id: "read", title: "Read", line: "Draw a digit and see how the network reads it", load: () => import("./read/Read.svelte") },
  { id: "turn", title: "Turn", line: "Change any weight or bias and see the effect", load: () => import("./turn/Turn.svelte") },
  { id: "learn", title: "Learn", line: "Train a network and watch it learn", load: () => import("./learn/Learn.svelte") },
  { id: "nudge", title: "Nudge", line: "Follow backpropagation stage by stage", load: () => import("./nudge/Nudge.svelte") },
];

export function roomOf(id: string): Room {
  return ROOMS.find((room) => room.id === id) ?? ROOMS[0];
}
