/** The page for teachers: a course that is put together, and the results that learners gave. */

import type * as wire from "../protocol/messages";
import type { Session } from "../transport/session";

export type TeacherEvent = wire.CourseMade | wire.Results;

const KEY = "pellucid-course-draft";

/** Most bytes of a course file and of a result file. */
export const MAX_COURSE = 1 << 16;
export const MAX_RESULT = 500_000;

export class TeacherState {
  title = $state("");
  note = $state("");
  network = $state("");
  /** Names of the lessons, in order. */
  chosen: readonly string[] = $state.raw([]);
  /** The course as a code and as a file; null until it is made, and after every change. */
  made: wire.CourseMade | null = $state.raw(null);
  tables: readonly wire.ResultTable[] = $state.raw([]);
  /** What has changed, for screen readers. */
  said = $state("");

  readonly #session: Session;
  #makeRequest = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#restore();
    session.listen((event) => {
      // A session that was lost has no results open.
      if (event.type === "welcome" && !event.resumed) this.tables = [];
    });
  }

  apply(event: TeacherEvent): void {
    if (event.type === "courseMade") {
      if (event.request !== this.#makeRequest) return;
      this.made = event;
      this.said = "The course is made: copy its link or its code, or save its file.";
    } else {
      this.tables = event.tables;
      const count = event.tables.reduce((sum, { rows }) => sum + rows.length, 0);
      this.said = count === 1 ? "1 result is open." : `${count} results are open.`;
    }
  }

  add(lesson: wire.LessonInfo): void {
    this.#choose([...this.chosen, lesson.name]);
    this.said = `${lesson.title} is lesson ${this.chosen.length} of the course.`;
  }

  remove(lesson: wire.LessonInfo): void {
    this.#choose(this.chosen.filter((name) => name !== lesson.name));
    this.said = `${lesson.title} is no longer in the course.`;
  }

  /** Move a lesson one place up (-1) or down (+1). */
  move(lesson: wire.LessonInfo, by: -1 | 1): void {
    const from = this.chosen.indexOf(lesson.name);
    const to = from + by;
    if (from < 0 || to < 0 || to >= this.chosen.length) return;
    this.#choose(this.chosen.with(from, this.chosen[to]).with(to, lesson.name));
    this.said = `${lesson.title} is lesson ${to + 1} of ${this.chosen.length}.`;
  }

  addAll(lessons: readonly wire.LessonInfo[]): void {
    this.#choose([...this.chosen, ...lessons.map(({ name }) => name).filter((name) => !this.chosen.includes(name))]);
    this.said = `All ${this.chosen.length} lessons are in the course.`;
  }

  #choose(names: readonly string[]): void {
    this.chosen = names;
    this.changed();
  }

  /** The course is another one now. */
  changed(): void {
    this.made = null;
    this.#makeRequest = 0;
    const { title, note, network, chosen } = this;
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ title, note, network, chosen }));
    } catch {
      // Without storage a reload begins with an empty course.
    }
  }

  #restore(): void {
    try {
      const draft = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Record<string, unknown>>;
      if (typeof draft.title === "string") this.title = draft.title;
      if (typeof draft.note === "string") this.note = draft.note;
      if (typeof draft.network === "string") this.network = draft.network;
      if (Array.isArray(draft.chosen)) this.chosen = draft.chosen.filter((name): name is string => typeof name === "string");
    } catch {
      // What is no draft is none.
    }
  }

  make(): void {
    const { title, note, network, chosen } = this;
    this.#makeRequest = this.#session.send({ type: "makeCourse", title, note, lessons: chosen, network });
  }

  addResult(file: string, text: string): void {
    this.#session.send({ type: "addResult", file: file.slice(0, 200), text });
  }

  clear(): void {
    this.#session.send({ type: "clearResults" });
  }
}

/** The address that opens a course in a studio of the same address. */
export function courseLink(place: { readonly origin: string; readonly pathname: string }, code: string): string {
  return `${place.origin}${place.pathname}#/read?course=${code}`;
}

/** What a JSON file of Pellucid says it is. */
export function kindOf(text: string): "course" | "result" | null {
  try {
    const told: unknown = JSON.parse(text);
    const kind = told && typeof told === "object" && "pellucid" in told ? told.pellucid : null;
    return kind === "course" || kind === "result" ? kind : null;
  } catch {
    return null;
  }
}
