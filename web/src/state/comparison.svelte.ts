/** A second network beside the present one: what it is, what it reads in the same picture, and where the two differ. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import type { Session } from "../transport/session";
import { networkOf, type Network } from "./network";
import type { Pictured } from "./pictured";
import type { Presentation } from "./presentation.svelte";
import { Selection } from "./selection.svelte";
import { largestAt, type Trace } from "./trace";

/** A shipped network, one of those kept, or a moment of this training. */
export type Choice = { readonly network: string } | { readonly run: string } | { readonly step: number };

export class Comparison implements Pictured {
  other: wire.ComparedNetwork | null = $state.raw(null);
  network: Network | null = $state.raw(null);
  parameters: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  trace: Trace | null = $state.raw(null);
  readonly best: number = $derived(this.trace?.words && this.network?.task !== "values" ? largestAt(this.trace.columns[this.trace.columns.length - 1]) : -1);

  readonly edited = this;
  readonly selection = new Selection(this);
  readonly presentation: Presentation;
  readonly #session: Session;

  constructor(session: Session, presentation: Presentation) {
    this.#session = session;
    this.presentation = presentation;
  }

  factorOf(): number {
    return 1;
  }

  begin(choice: Choice): void {
    this.#session.send({ type: "compare", ...choice });
  }

  end(): void {
    this.#session.send({ type: "compare" });
  }

  take({ other }: wire.Compared, payload: Float32Array): void {
    this.other = other;
    this.network = other && networkOf(other.network);
    this.parameters = other && floats(payload, other.knobs);
    this.trace = null;
    this.selection.clear();
  }

  /** Its reading of the picture that the present network has read. */
  takeReading(event: wire.ComparedReading, payload: Float32Array, present: Trace): void {
    this.trace = {
      version: 0,
      columns: [present.columns[0], ...event.layers.map((layer) => floats(payload, layer.activations))],
      sums: event.layers.map((layer) => floats(payload, layer.sums)),
      words: event.words,
      digits: present.digits,
      likeness: present.likeness,
    };
  }
}
