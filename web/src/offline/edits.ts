/** The changes made to the network by hand, each of which can be undone and redone: a small twin of `pellucid.studio.state.edit_history`. */

import type { Change, Factor } from "../protocol/messages";
import { figure } from "../state/words";
import type { Vector } from "./engine";

const MOST = 1000;

interface Edit {
  readonly change: Change;
  readonly knobs: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly factorsBefore: readonly Factor[];
  readonly factorsAfter: readonly Factor[];
  /** Edits of the same gesture are undone together; null for none. */
  readonly gesture: string | null;
}

type Named = Pick<Change, "kind" | "text" | "knob" | "before" | "after">;

export class Edits {
  /** The parameters as they are now. */
  readonly knobs: Vector;
  /** The parameters as last trained on this page; at first as shared. */
  readonly trained: Vector;
  /** The parameters as shared. */
  readonly shared: Vector;
  /** Neurons that are switched off or scaled. */
  factors: readonly Factor[] = [];
  /** Whether the network was trained on this page. */
  isTrainedHere = false;
  /** Number of changes in effect. */
  position = 0;
  #edits: Edit[] = [];
  #lastId = 0;
  readonly #nameOf: (knob: number) => string;

  constructor(shared: Vector, nameOf: (knob: number) => string) {
    this.shared = shared;
    this.trained = shared.slice();
    this.knobs = shared.slice();
    this.#nameOf = nameOf;
  }

  get changes(): readonly Change[] {
    return this.#edits.map(({ change }) => change);
  }

  /** Set knobs; a change with the gesture of the last one extends it. Returns the knobs that changed. */
  turn(knobs: readonly number[], values: readonly number[], gesture: number): readonly number[] {
    const last = this.#continued(`knobs ${gesture}`);
    if (!last) {
      const before = knobs.map((knob) => this.knobs[knob]);
      this.#add({ knobs, before, after: values, factorsAfter: this.factors, gesture: `knobs ${gesture}` }, this.#describe(knobs, before, values));
      return knobs;
    }
    const before = new Map(last.knobs.map((knob, at) => [knob, last.before[at]]));
    const after = new Map(last.knobs.map((knob, at) => [knob, last.after[at]]));
    knobs.forEach((knob, at) => {
      if (!before.has(knob)) before.set(knob, this.knobs[knob]);
      after.set(knob, values[at]);
    });
    const all = [...before.keys()];
    const [old, now] = [[...before.values()], all.map((knob) => after.get(knob) ?? 0)];
    this.#withdraw();
    this.#add({ knobs: all, before: old, after: now, factorsAfter: this.factors, gesture: last.gesture }, this.#describe(all, old, now));
    return knobs;
  }

  /** Multiply the activation of a neuron; 0 switches it off. */
  scale({ layer, neuron, factor }: Factor, name: string, gesture: number): void {
    const key = `neuron ${layer} ${neuron} ${gesture}`;
    const others = this.factors.filter((each) => each.layer !== layer || each.neuron !== neuron);
    const factorsAfter = factor === 1 ? others : [...others, { layer, neuron, factor }].sort((a, b) => a.layer - b.layer || a.neuron - b.neuron);
    const last = this.#continued(key);
    if (last) {
      this.#withdraw();
      this.factors = last.factorsBefore;
    }
    const how = factor === 0 ? "switched off" : factor === 1 ? "switched on" : `times ${factor}`;
    this.#add({ knobs: [], before: [], after: [], factorsAfter, gesture: key }, { kind: "neuron", text: `${name} ${how}`, knob: null, before: null, after: null });
  }

  /** Set all knobs as last trained, and switch on all neurons; returns the knobs that changed. */
  reset(): readonly number[] {
    const knobs = Array.from(this.knobs.keys()).filter((knob) => this.knobs[knob] !== this.trained[knob]);
    if (knobs.length === 0 && this.factors.length === 0) return knobs;
    const edit = { knobs, before: knobs.map((knob) => this.knobs[knob]), after: knobs.map((knob) => this.trained[knob]), factorsAfter: [], gesture: null };
    this.#add(edit, { kind: "reset", text: this.isTrainedHere ? "all knobs as trained" : "all knobs as shared", knob: null, before: null, after: null });
    return knobs;
  }

  /** Take over parameters of a training on this page; the changes by hand are forgotten. */
  adopt(parameters: Vector): void {
    this.isTrainedHere = true;
    this.#begin(parameters);
  }

  /** The network as shared: training and changes are forgotten. */
  restore(): void {
    this.isTrainedHere = false;
    this.#begin(this.shared);
  }

  /** Undo or redo until so many changes are in effect; returns the knobs that changed. */
  goTo(position: number): readonly number[] {
    const touched = new Set<number>();
    const put = ({ knobs }: Edit, values: readonly number[], factors: readonly Factor[]) => {
      this.factors = factors;
      knobs.forEach((knob, at) => {
        this.knobs[knob] = values[at];
        touched.add(knob);
      });
    };
    while (this.position > Math.max(0, position)) {
      const edit = this.#edits[--this.position];
      put(edit, edit.before, edit.factorsBefore);
    }
    while (this.position < Math.min(position, this.#edits.length)) {
      const edit = this.#edits[this.position++];
      put(edit, edit.after, edit.factorsAfter);
    }
    return [...touched];
  }

  #begin(parameters: Vector): void {
    this.trained.set(parameters);
    this.knobs.set(parameters);
    this.factors = [];
    this.#edits = [];
    this.position = 0;
  }

  /** The last edit, if this gesture continues it. */
  #continued(gesture: string): Edit | null {
    const last = this.#edits[this.position - 1];
    return last?.gesture === gesture && this.position === this.#edits.length ? last : null;
  }

  /** Take the last edit from the list; one that replaces it follows. */
  #withdraw(): void {
    this.#edits.pop();
    this.position--;
  }

  #add(edit: Omit<Edit, "change" | "factorsBefore">, named: Named): void {
    const made = { ...edit, factorsBefore: this.factors, change: { id: ++this.#lastId, ...named } };
    edit.knobs.forEach((knob, at) => (this.knobs[knob] = edit.after[at]));
    this.factors = edit.factorsAfter;
    this.#edits = [...this.#edits.slice(0, this.position), made].slice(-MOST);
    this.position = this.#edits.length;
  }

  #describe(knobs: readonly number[], before: readonly number[], after: readonly number[]): Named {
    if (knobs.length > 1) return { kind: "knobs", text: `${knobs.length} knobs`, knob: null, before: null, after: null };
    const text = `${this.#nameOf(knobs[0])}: ${figure(before[0])} to ${figure(after[0])}`;
    return { kind: "knobs", text, knob: knobs[0], before: before[0], after: after[0] };
  }
}
