/** What screen readers are told of a lesson, and how answers and scores are written. */

import type { LessonShown, QuestionInfo, TestScore } from "../protocol/messages";
import { plural, typeset } from "./words";

/** What has changed since a lesson was last shown; empty for nothing worth saying. */
export function lessonSaid(before: LessonShown | null, now: LessonShown): string {
  return typeset(newsOf(before, now));
}

function newsOf(before: LessonShown | null, now: LessonShown): string {
  const same = before?.lesson.name === now.lesson.name ? before : null;
  if (same?.stage !== now.stage) {
    if (now.stage === "done") return `Passed. ${now.gap}`;
    if (now.stage === "do") return `${same ? "The prediction is locked in. " : ""}Now try it. ${now.task}`;
    return now.stage === "predict" ? `Predict first. ${now.question?.text ?? ""}` : now.about;
  }
  if (now.hints.length > same.hints.length) return `Hint ${now.hints.length}. ${now.hints.at(-1) ?? ""}`;
  if (now.transfer?.answer && !same.transfer?.answer) return answerSaid(now.transfer);
  if (now.recall?.question.answer && !same.recall?.question.answer) return answerSaid(now.recall.question);
  if (now.foreign !== same.foreign && now.foreign) return `${foreignWords(now)}.`;
  if (now.recall && !same.recall) return `Do you remember? ${now.recall.title}`;
  return now.status === same.status ? "" : now.status;
}

/** What of the network is in the lesson's way. */
export function foreignWords({ foreign, reverts }: LessonShown): string {
  return reverts ? `The network is not as it was trained: ${foreign}` : `Nothing counts at present: ${foreign}`;
}

function answerSaid(question: QuestionInfo): string {
  return `${question.right === null ? "" : question.right ? "Right. " : "Not right. "}${question.told}`;
}

/** One value of an answer, in words. */
export function answerWords(question: QuestionInfo, value: number, digits?: number): string {
  const number = digits === undefined ? String(value) : value.toFixed(Number.isInteger(value) ? 0 : digits);
  return typeset(question.options[value] ?? `${number} ${question.unit}`.trim());
}

export function scoreWords({ right, total }: TestScore): string {
  return `${right} of ${total}`;
}

/** How many more answers were right, in words. */
export function gainWords(before: TestScore, after: TestScore): string {
  const gain = after.right - before.right;
  if (gain === 0) return "as many as before";
  return `${plural(Math.abs(gain), "answer")} ${gain > 0 ? "more" : "fewer"} than before`;
}
