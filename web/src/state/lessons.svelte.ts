/** State and requests of the lessons and their courses, which happen beside the rooms. */

import type * as wire from "../protocol/messages";
import type { Session } from "../transport/session";
import { lessonSaid } from "./lessonwords";
import { plural } from "./words";

export type LessonEvent = wire.Lessons | wire.LessonShown | wire.TestShown | wire.TestAnswers | wire.ResultMade;

const KEY = "pellucid-lessons";

export class LessonsState {
  /** Whether the panel is open. */
  open = $state(stored() === "open");
  /** On narrow screens: whether only the panel's head is shown. */
  folded = $state(false);
  /** All lessons, in the order of the notes. */
  all: readonly wire.LessonInfo[] = $state.raw([]);
  /** The course that somebody gave; null for all lessons. */
  course: wire.CourseInfo | null = $state.raw(null);
  /** Whether the progress is kept on this machine. */
  kept = $state(true);
  shown: wire.LessonShown | null = $state.raw(null);
  test: wire.TestInfo | null = $state.raw(null);
  /** The question of a test, while it is taken. */
  sitting: wire.TestShown | null = $state.raw(null);
  /** The answers of the tests, while they are shown. */
  answers: wire.TestAnswers | null = $state.raw(null);
  /** The request whose answer takes a while: questions and figures are computed for it. */
  waiting: number | null = $state(null);
  /** What has changed, for screen readers. */
  said = $state("");
  /** The lessons of the course, in its order. */
  readonly list: readonly wire.LessonInfo[] = $derived.by(() => {
    const { course } = this;
    return course ? course.lessons.flatMap((name) => this.all.filter((each) => each.name === name)) : this.all;
  });
  readonly passed: number = $derived(this.list.filter(({ state }) => state === "passed").length);

  readonly #session: Session;
  #gesture = 1_000_000;
  /** The request to leave a lesson, until it is done: what is told of the lesson before counts no more. */
  #leaving = 0;
  /** The request that opened the test or its answers; what answers an earlier one counts no more. */
  #opened = Infinity;
  /** Whether a course was asked for, which is announced once it is open. */
  #opening = false;
  /** Called with the result that was asked for. */
  #onresult: ((made: wire.ResultMade) => void) | null = null;

  constructor(session: Session) {
    this.#session = session;
    session.listen((event) => {
      if (event.type === "welcome" || (event.type === "done" && event.request === this.#leaving)) this.#leaving = 0;
      if (event.type === "welcome" || ((event.type === "done" || event.type === "failed") && event.request === this.waiting)) this.waiting = null;
      if (event.type !== "welcome") return;
      // A studio that was started with a course leads to it, unless the panel was closed.
      if (event.course !== null && stored() === null) this.open = true;
      if (this.open) this.ask();
    });
  }

  apply(event: LessonEvent): void {
    switch (event.type) {
      case "lessons":
        if (event.course && this.#opening) this.said = `The course “${event.course.title}” is open: ${plural(event.course.lessons.length, "lesson")}.`;
        this.#opening = false;
        this.all = event.lessons;
        this.course = event.course;
        this.test = event.test;
        this.kept = event.kept;
        return;
      case "lessonShown":
        if (this.#leaving) return;
        this.said = lessonSaid(this.shown, event) || this.said;
        this.shown = event;
        return;
      case "testShown":
        if (event.request < this.#opened) return;
        this.said = event.question ? `Question ${event.number + 1} of ${event.total}. ${event.question.text}` : "All questions are answered.";
        this.sitting = event;
        return;
      case "testAnswers":
        if (event.request < this.#opened) return;
        this.answers = event;
        return;
      case "resultMade":
        this.#onresult?.(event);
        this.#onresult = null;
        return;
    }
  }

  /** Ask for all lessons, and for the open one. */
  ask(): void {
    this.#session.send({ type: "askLessons" });
    // A session that was lost does not know which lesson was open.
    if (this.shown) this.#session.send({ type: "openLesson", lesson: this.shown.lesson.name });
  }

  toggle(): void {
    this.open = !this.open;
    this.folded = false;
    store(this.open);
    if (this.open) this.ask();
  }

  /** For the next visitor of a class, the panel is as at first. */
  forget(): void {
    store(null);
  }

  start(lesson: string): void {
    this.folded = false;
    this.#closeTest();
    this.waiting = this.#session.send({ type: "openLesson", lesson });
  }

  /** Back to the list. */
  leave(): void {
    if (this.shown) this.#leaving = this.#session.send({ type: "leaveLesson" });
    this.shown = null;
    this.#closeTest();
  }

  #closeTest(): void {
    this.sitting = this.answers = null;
    this.#opened = Infinity;
  }

  again(): void {
    if (this.shown) this.#session.send({ type: "restartLesson", lesson: this.shown.lesson.name });
  }

  predict(values: readonly number[]): void {
    if (this.shown) this.#session.send({ type: "predictOutcome", lesson: this.shown.lesson.name, values });
  }

  /** Change the answers while one works. */
  answerAgain(values: readonly number[]): void {
    if (this.shown) this.#session.send({ type: "answerAgain", lesson: this.shown.lesson.name, values });
  }

  hint(): void {
    if (this.shown) this.#session.send({ type: "askHint", lesson: this.shown.lesson.name });
  }

  transfer(values: readonly number[]): void {
    if (this.shown) this.#session.send({ type: "answerTransfer", lesson: this.shown.lesson.name, values });
  }

  recall(lesson: string, values: readonly number[]): void {
    this.#session.send({ type: "answerRecall", lesson, values });
  }

  use(tool: wire.LessonTool): void {
    if (tool.example !== null) this.#session.send({ type: "openExample", part: "test", index: tool.example });
    else this.#session.send({ type: "turnKnobs", knobs: tool.knobs, values: tool.values, gesture: ++this.#gesture });
  }

  /** Follow a course: its code, a link with it, or the text of its file. */
  openCourse(text: string): void {
    this.open = this.#opening = true;
    this.folded = false;
    store(true);
    this.leave();
    this.#session.send({ type: "openCourse", text });
  }

  closeCourse(): void {
    this.#session.send({ type: "closeCourse" });
  }

  /** Open the network that the course is made for. */
  openNetwork(name: string): void {
    this.#session.send({ type: "loadNetwork", name });
    if (this.shown) this.#session.send({ type: "openLesson", lesson: this.shown.lesson.name });
  }

  /** Begin the test that is open, or go on with it. */
  beginTest(): void {
    this.leave();
    this.waiting = this.#opened = this.#session.send({ type: "beginTest" });
  }

  answerTest(values: readonly number[]): void {
    if (this.sitting) this.#session.send({ type: "answerTest", number: this.sitting.number, values });
  }

  showAnswers(): void {
    this.leave();
    this.#opened = this.#session.send({ type: "askTestAnswers" });
  }

  /** Ask for the result as a file; `then` is called with it. */
  result(name: string, then: (made: wire.ResultMade) => void): void {
    this.#onresult = then;
    this.#session.send({ type: "makeResult", name });
  }
}

/** Whether the panel was left open or closed; null where nobody has touched it. */
function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(open: boolean | null): void {
  try {
    if (open === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, open ? "open" : "");
  } catch {
    // Without storage a reload closes the panel; the lesson goes on where it was left.
  }
}
