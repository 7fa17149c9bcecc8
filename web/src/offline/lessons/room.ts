/** The lessons of this page: opened, predicted, followed while the learner works, and asked again: a twin of `pellucid.studio.rooms.lessons.room`. */

import type * as wire from "../../protocol/messages";
import type { Outgoing } from "../../transport/link";
import { Refusal } from "../refusal";
import { LOOKS, type View } from "./looks";
import { Progress, type Attempt, type Entry } from "./progress";
import { fits, isRight, Lesson, type Question, type Sheet } from "./sheet";
import type { Store } from "./store";

/** Tests belong to courses, of which the page has none. */
const NO_TEST: wire.TestInfo = { stage: "lessons", answered: 0, before: null, after: null, taken: false };

export interface Surroundings {
  /** The page as it is. */
  view(): View;
  /** A checksum that changes with whatever a learner does. */
  mark(): number;
  /** Why no lesson can be done at present; null if they can. */
  unsuited(): string | null;
  send(event: wire.Lessons | wire.LessonShown): void;
}

export class LessonRoom {
  readonly #lessons: ReadonlyMap<string, Lesson>;
  readonly #store: Store;
  readonly #around: Surroundings;
  readonly #progress: Progress;
  #open: Lesson | null = null;
  #recalled: string | null = null;

  constructor(sheets: readonly Sheet[], store: Store, around: Surroundings) {
    this.#lessons = new Map(sheets.filter(({ name }) => LOOKS[name]).map((sheet) => [sheet.name, new Lesson(sheet)]));
    this.#store = store;
    this.#around = around;
    this.#progress = new Progress(this.#lessons, store.entries);
  }

  /** Serve a request; false for one that is not about lessons. */
  serve(request: Outgoing, id: number): boolean {
    switch (request.type) {
      case "askLessons":
        this.#sendLessons(id);
        break;
      case "openLesson":
        this.#open = this.#known(request.lesson);
        this.#recalled = null;
        break;
      case "leaveLesson":
        this.#open = null;
        this.#sendLessons(id);
        break;
      case "restartLesson":
        this.#open = this.#known(request.lesson);
        this.#add({ type: "restarted", lesson: request.lesson });
        break;
      case "askHint":
        this.#at(request.lesson, "do", "Hints are for the task: lock in a prediction first.");
        this.#add({ type: "hinted", lesson: request.lesson });
        break;
      default:
        return this.#answer(request, id);
    }
    this.#show(id);
    return true;
  }

  #answer(request: Outgoing, id: number): boolean {
    switch (request.type) {
      case "predictOutcome": {
        const { sheet } = this.#at(request.lesson, "predict", "The prediction is locked in already: begin the lesson again.");
        this.#check(sheet.question, request.values);
        this.#add({ type: "predicted", lesson: sheet.name, question: sheet.question, values: request.values, mark: this.#around.mark() });
        break;
      }
      case "answerTransfer": {
        const { sheet } = this.#at(request.lesson, "done", "This question is not open: pass the lesson first, or begin it again.");
        if (this.#attempt(sheet.name).answered) throw new Refusal("out_of_order", "This question is answered already: begin the lesson again.");
        this.#check(sheet.transfer, request.values);
        this.#add({ type: "answered", lesson: sheet.name, question: sheet.transfer, values: request.values });
        break;
      }
      case "answerRecall": {
        const { sheet } = this.#known(request.lesson);
        if (!this.#open || this.#progress.due !== sheet.name) throw new Refusal("out_of_order", "This lesson is not asked again at present: open a lesson first.");
        this.#check(sheet.recall, request.values);
        this.#add({ type: "recalled", lesson: sheet.name, question: sheet.recall, values: request.values });
        this.#recalled = sheet.name;
        break;
      }
      default:
        return false;
    }
    this.#show(id);
    return true;
  }

  /** Look whether what the learner has just done counts for the open lesson. */
  follow(): void {
    const lesson = this.#open;
    if (!lesson) return;
    const { stage, predicted, noted } = this.#attempt(lesson.sheet.name);
    if (stage !== "do" || !predicted || this.#around.unsuited() !== null) return;
    if (noted.length === 0 && this.#around.mark() === predicted.mark) return;
    const facts = LOOKS[lesson.sheet.name]?.(lesson, this.#around.view(), predicted.question, noted) ?? null;
    if (facts === null) return;
    this.#add({ type: "noted", lesson: lesson.sheet.name, facts });
    this.#show(0);
    if (this.#attempt(lesson.sheet.name).stage === "done") this.#sendLessons(0);
  }

  /** Show the open lesson anew: whether it can be done may have changed. */
  refresh(): void {
    this.#show(0);
  }

  #known(name: string): Lesson {
    const lesson = this.#lessons.get(name);
    if (!lesson) throw new Refusal("unavailable", "This page does not have that lesson: choose one of its list.");
    return lesson;
  }

  #at(name: string, stage: Attempt["stage"], otherwise: string): Lesson {
    const lesson = this.#known(name);
    if (this.#open !== lesson) throw new Refusal("out_of_order", "Expected the lesson that is open: open it first.");
    if (this.#attempt(name).stage !== stage || (stage !== "done" && this.#around.unsuited() !== null)) throw new Refusal("out_of_order", otherwise);
    return lesson;
  }

  #check(question: Question, values: readonly number[]): void {
    if (!fits(question, values)) throw new Refusal("bad_value", "Expected an answer of the kind that is asked for: choose or type one.");
  }

  #add(entry: Entry): void {
    this.#store.add(entry);
    this.#progress.add(entry);
  }

  #attempt(name: string): Attempt {
    return this.#progress.attempt(name);
  }

  #sendLessons(request: number): void {
    const lessons = Array.from(this.#lessons.values(), ({ sheet }) => this.#info(sheet));
    this.#around.send({ type: "lessons", request, lessons, kept: this.#store.kept, course: null, test: NO_TEST });
  }

  #info({ name, number, title, line, room, minutes }: Sheet): wire.LessonInfo {
    const begun = this.#attempt(name).predicted !== null;
    return { name, number, title, line, room, revealing: false, minutes, state: this.#progress.passed.includes(name) ? "passed" : begun ? "begun" : "new" };
  }

  #show(request: number): void {
    if (this.#open) this.#around.send(this.#shown(request, this.#open));
  }

  #shown(request: number, lesson: Lesson): wire.LessonShown {
    const { sheet } = lesson;
    const { stage, predicted, noted, hints, found } = this.#attempt(sheet.name);
    const unsuited = stage === "done" ? null : this.#around.unsuited();
    const next = Array.from(this.#lessons.keys()).find((name) => !this.#progress.passed.includes(name)) ?? null;
    const common = { type: "lessonShown", request, lesson: this.#info(sheet), next } as const;
    const nothing = { task: "", status: "", tools: [], hints: [], hintsLeft: 0, gap: "", transfer: null, recall: null, again: false, foreign: "", reverts: false, place: sheet.place };
    if (unsuited !== null) return { ...common, ...nothing, stage: "unsuited", about: unsuited, question: null };
    const question = predicted?.question ?? sheet.question;
    const shown = { ...common, ...nothing, stage, about: sheet.about, question: asked(question, predicted?.values ?? null, stage === "done"), recall: this.#recall(sheet) };
    if (stage === "do") {
      const given = sheet.hints.slice(0, hints);
      return { ...shown, task: sheet.task, status: lesson.status(question, noted), tools: sheet.tools, hints: given, hintsLeft: sheet.hints.length - given.length };
    }
    return found && predicted ? { ...shown, gap: lesson.gap(question, predicted.values, found), transfer: this.#transfer(sheet) } : shown;
  }

  #transfer(sheet: Sheet): wire.QuestionInfo {
    const { answered } = this.#attempt(sheet.name);
    return answered ? asked(answered.question, answered.values, true) : asked(sheet.transfer, null, false);
  }

  #recall({ name }: Sheet): wire.RecallInfo | null {
    const answered = this.#recalled === null ? undefined : this.#progress.recalled.get(this.#recalled);
    if (answered) return { lesson: answered.lesson, title: this.#known(answered.lesson).sheet.title, question: asked(answered.question, answered.values, true) };
    const { due } = this.#progress;
    if (due === null || due === name) return null;
    const { sheet } = this.#known(due);
    return { lesson: due, title: sheet.title, question: asked(sheet.recall, null, false) };
  }
}

/** A question for the page; the truth only once it may be seen. */
function asked(question: Question, values: readonly number[] | null, told: boolean): wire.QuestionInfo {
  const { kind, text, options, rows, unit, low, high, truth, points, axis } = question;
  const known = told && values !== null && truth.length > 0;
  return {
    kind, text, options, rows, unit, low, high, answer: values, truth: known ? truth : null,
    right: known ? isRight(question, values) : null, told: known ? question.told : "", points, axis,
  };
}
