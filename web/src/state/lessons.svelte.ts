/** State and requests of the lessons, which happen beside the rooms. */

import type * as wire from "../protocol/messages";
import type { Session } from "../transport/session";

export type LessonEvent = wire.Lessons | wire.LessonShown;

const KEY = "pellucid-lessons";

export class LessonsState {
  /** Whether the panel is open. */
  open = $state(stored());
  /** On narrow screens: whether only the panel's head is shown. */
  folded = $state(false);
  list: readonly wire.LessonInfo[] = $state.raw([]);
  /** Whether the progress is kept on this machine. */
  kept = $state(true);
  shown: wire.LessonShown | null = $state.raw(null);
  /** Counts the steps of the open lesson, for announcements. */
  readonly passed: number = $derived(this.list.filter(({ state }) => state === "passed").length);

  readonly #session: Session;
  #gesture = 1_000_000;

  constructor(session: Session) {
    this.#session = session;
    session.listen((event) => {
      if (event.type === "welcome" && this.open) this.#ask();
    });
  }

  apply(event: LessonEvent): void {
    if (event.type === "lessons") {
      this.list = event.lessons;
      this.kept = event.kept;
    } else this.shown = event;
  }

  #ask(): void {
    this.#session.send({ type: "askLessons" });
    // A session that was lost does not know which lesson was open.
    if (this.shown) this.#session.send({ type: "openLesson", lesson: this.shown.lesson.name });
  }

  toggle(): void {
    this.open = !this.open;
    this.folded = false;
    store(this.open);
    if (this.open) this.#ask();
  }

  start(lesson: string): void {
    this.folded = false;
    this.#session.send({ type: "openLesson", lesson });
  }

  /** Back to the list. */
  leave(): void {
    this.shown = null;
    this.#session.send({ type: "leaveLesson" });
  }

  again(): void {
    if (this.shown) this.#session.send({ type: "restartLesson", lesson: this.shown.lesson.name });
  }

  predict(values: readonly number[]): void {
    if (this.shown) this.#session.send({ type: "predictOutcome", lesson: this.shown.lesson.name, values });
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
    this.#session.send({ type: "turnKnobs", knobs: tool.knobs, values: tool.values, gesture: ++this.#gesture });
  }
}

function stored(): boolean {
  try {
    return sessionStorage.getItem(KEY) === "open";
  } catch {
    return false;
  }
}

function store(open: boolean): void {
  try {
    sessionStorage.setItem(KEY, open ? "open" : "");
  } catch {
    // Without storage a reload closes the panel; the lesson goes on where it was left.
  }
}
