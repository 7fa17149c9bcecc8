/** Progress, replayed from what a learner did: a twin of `pellucid.lessons.progress`. Nothing else is stored. */

import { fits, type Facts, type Lesson, type Question } from "./sheet";

interface Answer {
  readonly lesson: string;
  readonly question: Question;
  readonly values: readonly number[];
}

export type Entry =
  | { readonly type: "restarted" | "hinted"; readonly lesson: string }
  | ({ readonly type: "predicted"; readonly mark: number } & Answer)
  | { readonly type: "noted"; readonly lesson: string; readonly facts: Facts }
  | ({ readonly type: "answered" | "recalled" } & Answer);

export type Predicted = Extract<Entry, { type: "predicted" }>;
type Answered = Extract<Entry, { type: "answered" | "recalled" }>;

/** A lesson is asked again once so many others have been passed after it. */
const RECALL_AFTER = 2;

/** The latest attempt at a lesson. */
export class Attempt {
  predicted: Predicted | null = null;
  readonly noted: Facts[] = [];
  found: Facts | null = null;
  hints = 0;
  answered: Answered | null = null;

  get stage(): "predict" | "do" | "done" {
    if (this.predicted === null) return "predict";
    return this.found === null ? "do" : "done";
  }
}

export class Progress {
  readonly #attempts = new Map<string, Attempt>();
  readonly #lessons: ReadonlyMap<string, Lesson>;
  /** The lessons passed in any attempt, in the order of the first time. */
  readonly passed: string[] = [];
  readonly recalled = new Map<string, Answered>();

  constructor(lessons: ReadonlyMap<string, Lesson>, entries: readonly Entry[]) {
    this.#lessons = lessons;
    for (const entry of entries) this.add(entry);
  }

  attempt(name: string): Attempt {
    const known = this.#attempts.get(name);
    if (known) return known;
    const made = new Attempt();
    this.#attempts.set(name, made);
    return made;
  }

  /** The lesson to ask again: the first that was passed two others ago. */
  get due(): string | null {
    return this.passed.slice(0, -RECALL_AFTER).find((name) => !this.recalled.has(name)) ?? null;
  }

  /** Take in what was done; what fits no lesson of this page is passed over. */
  add(entry: Entry): void {
    const lesson = this.#lessons.get(entry.lesson);
    if (!lesson) return;
    const attempt = this.attempt(entry.lesson);
    switch (entry.type) {
      case "restarted":
        this.#attempts.set(entry.lesson, new Attempt());
        return;
      case "predicted":
        if (!attempt.predicted && isSound(entry) && lesson.sheet.needs.every((name) => name in entry.question.setting)) attempt.predicted = entry;
        return;
      case "noted":
        return this.#note(lesson, attempt, entry.facts);
      case "hinted":
        attempt.hints = Math.min(attempt.hints + 1, lesson.sheet.hints.length);
        return;
      case "answered":
        if (attempt.found && !attempt.answered && isSound(entry)) attempt.answered = entry;
        return;
      case "recalled":
        if (isSound(entry)) this.recalled.set(entry.lesson, entry);
    }
  }

  #note(lesson: Lesson, attempt: Attempt, facts: Facts): void {
    if (!attempt.predicted || attempt.found) return;
    attempt.noted.push(facts);
    attempt.found = lesson.passed(attempt.predicted.question, attempt.noted);
    if (attempt.found && !this.passed.includes(lesson.sheet.name)) this.passed.push(lesson.sheet.name);
  }
}

function isSound({ question, values }: Predicted | Answered): boolean {
  return fits(question, values);
}
