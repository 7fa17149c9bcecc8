/** The row of features at the inputs, in the units of the data; changes are shown at once. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";

interface Change {
  readonly features: readonly number[];
  readonly values: readonly number[];
}

export class Row {
  /** Values as the server has them; null while a drawing is read. */
  #told: Float32Array | null = $state.raw(null);
  /** Changes that the server has not answered yet. */
  #ahead: readonly Change[] = $state.raw([]);

  /** The value of each feature, with the changes under way. */
  readonly values: Float32Array | null = $derived.by(() => {
    if (!this.#told || this.#ahead.length === 0) return this.#told;
    const shown = this.#told.slice();
    for (const { features, values } of this.#ahead) features.forEach((feature, at) => (shown[feature] = values[at]));
    return shown;
  });

  readonly #changes: Pacer<Change>;

  constructor(session: Session) {
    this.#changes = makePacer((change) => session.send({ type: "setFeatures", ...change }), merge);
    session.keepOrder(this.#changes.hasten);
    session.listen((event) => {
      if (this.#changes.settle(event.request)) this.#ahead = this.#changes.pending;
    });
  }

  take(event: wire.Reading, payload: Float32Array): void {
    this.#told = event.row && floats(payload, event.row);
  }

  /** The connection dropped: what was in flight is lost. */
  interrupt(): void {
    this.#changes.reset();
    this.#ahead = [];
  }

  set(features: readonly number[], values: readonly number[]): void {
    this.#changes.push({ features, values });
    this.#ahead = this.#changes.pending;
  }
}

function merge(waiting: Change, added: Change): Change {
  const merged = new Map(waiting.features.map((feature, at) => [feature, waiting.values[at]]));
  added.features.forEach((feature, at) => merged.set(feature, added.values[at]));
  return { features: [...merged.keys()], values: [...merged.values()] };
}
