/** What a network picture shows: the network's numbers, what is selected in it, and the size of text. */

import type { Selection } from "./selection.svelte";
import type { Trace } from "./trace";

export interface Pictured {
  readonly edited: {
    readonly trace: Trace | null;
    readonly parameters: Float32Array<ArrayBufferLike> | null;
    /** The class with the largest output, or -1. */
    readonly best: number;
    /** The factor by which a neuron's activation is multiplied. */
    factorOf(layer: number, neuron: number): number;
  };
  readonly selection: Selection;
  readonly presentation: { readonly scale: number };
}
