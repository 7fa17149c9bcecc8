/** A lesson as `pellucid.studio.sharing.lesson_sheets` writes it for the network of this page. */

import type { LessonTool, QuestionInfo } from "../../protocol/messages";
import { Program, type Carried, type Value } from "./python";

/** What was found out at one moment, by name. */
export type Facts = { readonly [name: string]: number };

/** Something to predict, as it was asked. */
export interface Question {
  readonly kind: QuestionInfo["kind"];
  readonly text: string;
  readonly options: readonly string[];
  readonly rows: readonly string[];
  readonly unit: string;
  readonly low: number;
  readonly high: number;
  /** The answer; empty where it is only known once the learner has done it. */
  readonly truth: readonly number[];
  readonly tolerance: number;
  readonly setting: Facts;
  readonly told: string;
  readonly points: readonly number[];
  readonly axis: string;
}

export interface Sheet {
  readonly name: string;
  readonly number: number;
  readonly title: string;
  readonly line: string;
  readonly room: string;
  readonly place: string;
  readonly minutes: number;
  readonly about: string;
  /** The names in the setting of its question. */
  readonly needs: readonly string[];
  readonly question: Question;
  readonly task: string;
  readonly hints: readonly string[];
  readonly tools: readonly LessonTool[];
  readonly transfer: Question;
  /** Asked again, after two other lessons. */
  readonly recall: Question;
  /** What the engine computed over all held-out images. */
  readonly figures: { readonly [name: string]: readonly number[] };
  readonly functions: Carried;
  /** Names of the functions. */
  readonly passed: string;
  readonly status: string;
  readonly gap: string;
}

/** A lesson whose functions can be called. */
export class Lesson {
  readonly program: Program;

  constructor(readonly sheet: Sheet) {
    this.program = new Program(sheet.functions);
  }

  /** What was reached according to all that was noted; null for not yet. */
  passed(question: Question, noted: readonly Facts[]): Facts | null {
    return this.#told(this.sheet.passed, question, noted) as Facts | null;
  }

  status(question: Question, noted: readonly Facts[]): string {
    return String(this.#told(this.sheet.status, question, noted) ?? "");
  }

  /** The prediction beside the outcome. */
  gap(question: Question, values: readonly number[], found: Facts): string {
    return String(this.#told(this.sheet.gap, question, values, found) ?? "");
  }

  /** What a function gives; null for facts of another version, which have other names. */
  #told(name: string, question: Question, ...values: readonly Value[]): Value {
    try {
      return this.program.call(name, plain(question), ...values);
    } catch (error) {
      if (error instanceof RangeError || error instanceof TypeError) return null;
      throw error;
    }
  }

  /** A function or a constant of the lesson's module. */
  number(name: string): number {
    return this.program.constant(name);
  }
}

/** Whether an answer fits its question. */
export function fits({ kind, options, rows, low, high }: Question, values: readonly number[]): boolean {
  if (values.length !== (kind === "choices" ? rows.length : 1)) return false;
  return values.every((value) => (kind === "number" ? value >= low && value <= high : Number.isInteger(value) && value >= 0 && value < options.length));
}

/** Whether an answer is the truth, within the tolerance. */
export function isRight({ truth, tolerance }: Question, values: readonly number[]): boolean {
  return values.length === truth.length && values.every((value, at) => Math.abs(value - truth[at]) <= tolerance);
}

function plain(question: Question): Value {
  return question as unknown as Value;
}
