/** The studio's rooms. A new one is a folder here and a line in `ROOMS`; its script loads on first entry. */

import type { Component } from "svelte";
import type { Studio } from "../state/studio.svelte";

export interface Room {
  readonly id: string;
  readonly title: string;
  /** What it is for, in one sentence. */
  readonly line: string;
  /** The same where the network takes rows of features; rooms that need images have none. */
  readonly rowLine?: string;
  /** Whether it needs classes. */
  readonly classes?: true;
  load(): Promise<{ default: Component<{ studio: Studio }> }>;
}

export const ROOMS: readonly Room[] = [
  { id: "read", title: "Read", line: "Draw a digit and follow every number from its pixels to the answer.", rowLine: "Set the features of a row and follow every number from there to the answer.", load: () => import("./read/Read.svelte") },
  { id: "turn", title: "Turn", line: "Change any weight or bias and see at once how many test images are still read correctly.", rowLine: "Change any weight or bias and see at once what becomes of the answers for all test rows.", load: () => import("./turn/Turn.svelte") },
  { id: "learn", title: "Learn", line: "Train a network, watch every weight while it learns, and go back to any moment.", rowLine: "Train a network, watch every weight while it learns, and go back to any moment.", load: () => import("./learn/Learn.svelte") },
  { id: "nudge", title: "Nudge", line: "See how one image would change every weight: backpropagation, stage by stage, with a check for every number.", rowLine: "See how one row would change every weight: backpropagation, stage by stage, with a check for every number.", load: () => import("./nudge/Nudge.svelte") },
  { id: "look-for", title: "Look for", line: "See what excites a neuron: real images, the strongest image there can be, and your own drawing.", load: () => import("./look/LookFor.svelte") },
  { id: "why-misread", title: "Why misread?", line: "See which neurons and pixels voted for a wrong reading, and the smallest change of the drawing that mends it.", load: () => import("./why/WhyMisread.svelte") },
  { id: "none-of-these", title: "None of these", line: "See how sure the network is of noise, letters and scribbles, set a threshold, and read its price in true readings.", load: () => import("./none/NoneOfThese.svelte") },
  { id: "map", title: "Map", line: "See thousands of images at every layer, with their true neighbours, and your own drawing among them.", load: () => import("./map/Map.svelte") },
  { id: "race", title: "Race", line: "Train up to four networks in lockstep, then from many starts and at many learning rates.", rowLine: "Train up to four networks in lockstep, then from many starts and at many learning rates.", classes: true, load: () => import("./race/Race.svelte") },
  { id: "listen", title: "Listen", line: "Speak digits, and follow every gate of the network from the sound to the sentence.", rowLine: "Speak digits, and follow every gate of the network from the sound to the sentence.", load: () => import("./listen/Listen.svelte") },
  { id: "convolve", title: "Convolve", line: "Follow your drawing through every feature map of a convolutional network, down to a single multiplication.", load: () => import("./convolve/Convolve.svelte") },
];

/** Reached from the lessons, not from the links to the rooms. */
export const TEACHER: Room = { id: "teacher", title: "For teachers", line: "Put a course together, give it to your learners, and read the results that they give you.", rowLine: "Put a course together, give it to your learners, and read the results that they give you.", load: () => import("./teacher/Teacher.svelte") };

export function roomOf(id: string): Room {
  return [...ROOMS, TEACHER].find((room) => room.id === id) ?? ROOMS[0];
}
