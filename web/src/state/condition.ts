/** What has become of the network since it came here, in words for the header. */

import { count, plural } from "./words";

export const UNTITLED = "untitled";

export interface Facts {
  readonly name: string;
  readonly running: boolean;
  /** The epoch under way, from 1, and the mini-batches done in this run. */
  readonly epoch: number;
  readonly step: number;
  /** Knobs that differ from those as the network came here, and from those as last trained. */
  readonly differs: number;
  readonly turned: number;
  /** Neurons that are switched off or scaled. */
  readonly scaled: number;
  /** Grey levels with which pixels are read; null for pixels as they are. */
  readonly grey: number | null;
}

export interface Condition {
  readonly kind: "as opened" | "training" | "changed";
  readonly words: string;
}

export function conditionOf({ name, running, epoch, step, differs, turned, scaled, grey }: Facts): Condition {
  if (running) return { kind: "training", words: `training: epoch ${count(epoch)}` };
  const fresh = name === UNTITLED;
  if (differs === 0 && scaled === 0 && grey === null) return { kind: "as opened", words: fresh ? "not trained yet" : "as opened" };
  const trained = differs > turned || (differs > 0 && turned === 0);
  const hand = [...(turned > 0 ? [plural(turned, "knob")] : []), ...(scaled > 0 ? [plural(scaled, "neuron")] : [])].join(" and ");
  const taught = !trained ? "" : `${fresh ? "trained" : "trained further"}${step > 0 ? ` for ${plural(step, "mini-batch")}` : ""}`;
  const changed = hand && `${hand} changed by hand`;
  const read = grey === null ? "" : `read with ${grey} grey levels`;
  return { kind: "changed", words: [[taught, changed].filter(Boolean).join(", then "), read].filter(Boolean).join(", ") };
}
