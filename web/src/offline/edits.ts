/** The changes made to the network by hand, each of which can be undone and redone: a small twin of `pellucid.studio.state.edit_history`. */

import type { Change } from "../protocol/messages";
import { figure } from "../state/words";
import type { Vector } from "./engine";

const MOST = 1000;

interface Edit {
  readonly change: Change;
  readonly knobs: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly gesture: number | null;
}

export class Edits {
  /** The parameters as they are now. */
  readonly knobs: Vector;
  /** The parameters as shared. */
  readonly shared: Vector;
  /** Number of changes in effect. */
  position = 0;
  #edits: Edit[] = [];
  #lastId = 0;
  readonly #nameOf: (knob: number) => string;

  constructor(shared: Vector, nameOf: (knob: number) => string) {
    this.shared = shared;
    this.knobs = shared.slice();
    this.#nameOf = nameOf;
  }

  get changes(): readonly Change[] {
    return this.#edits.map(({ change }) => change);
  }

  /** Set knobs; a change with the gesture of the last one extends it. Returns the knobs that changed. */
  turn(knobs: readonly number[], values: readonly number[], gesture: number): readonly number[] {
    const last = this.#edits[this.position - 1];
    if (last?.gesture !== gesture || this.position < this.#edits.length) {
      return this.#add({ knobs, before: knobs.map((knob) => this.knobs[knob]), after: values, gesture });
    }
    const before = new Map(last.knobs.map((knob, at) => [knob, last.before[at]]));
    const after = new Map(last.knobs.map((knob, at) => [knob, last.after[at]]));
    knobs.forEach((knob, at) => {
      if (!before.has(knob)) before.set(knob, this.knobs[knob]);
      after.set(knob, values[at]);
    });
    this.#edits.pop();
    this.position--;
    this.#add({ knobs: [...before.keys()], before: [...before.values()], after: [...before.keys()].map((knob) => after.get(knob) ?? 0), gesture });
    return knobs;
  }

  /** Set all knobs as shared; returns those that changed. */
  reset(): readonly number[] {
    const knobs = Array.from(this.knobs.keys()).filter((knob) => this.knobs[knob] !== this.shared[knob]);
    if (knobs.length === 0) return knobs;
    return this.#add({ knobs, before: knobs.map((knob) => this.knobs[knob]), after: knobs.map((knob) => this.shared[knob]), gesture: null });
  }

  /** Undo or redo until so many changes are in effect; returns the knobs that changed. */
  goTo(position: number): readonly number[] {
    const touched = new Set<number>();
    const put = ({ knobs }: Edit, values: readonly number[]) => knobs.forEach((knob, at) => {
      this.knobs[knob] = values[at];
      touched.add(knob);
    });
    while (this.position > Math.max(0, position)) put(this.#edits[--this.position], this.#edits[this.position].before);
    while (this.position < Math.min(position, this.#edits.length)) put(this.#edits[this.position], this.#edits[this.position++].after);
    return [...touched];
  }

  #add({ knobs, before, after, gesture }: Omit<Edit, "change">): readonly number[] {
    knobs.forEach((knob, at) => (this.knobs[knob] = after[at]));
    this.#edits = [...this.#edits.slice(0, this.position), { knobs, before, after, gesture, change: this.#describe(knobs, before, after, gesture) }].slice(-MOST);
    this.position = this.#edits.length;
    return knobs;
  }

  #describe(knobs: readonly number[], before: readonly number[], after: readonly number[], gesture: number | null): Change {
    const id = ++this.#lastId;
    if (gesture === null) return { id, kind: "reset", text: "all knobs as shared", knob: null, before: null, after: null };
    if (knobs.length > 1) return { id, kind: "knobs", text: `${knobs.length} knobs`, knob: null, before: null, after: null };
    const text = `${this.#nameOf(knobs[0])}: ${figure(before[0])} to ${figure(after[0])}`;
    return { id, kind: "knobs", text, knob: knobs[0], before: before[0], after: after[0] };
  }
}
