/** How good a network is on held-out data: the share of right answers, or R² for values. */

import type { KeptRun, LearnPlan, NetworkInfo } from "../protocol/messages";
import { VALUE_LOSSES } from "./plan";
import { figure, percent, signed } from "./words";

export type Task = NetworkInfo["task"];

/** "test accuracy" or "test R²": what the number is. */
export function scoreName(task: Task): "accuracy" | "R²" {
  return task === "values" ? "R²" : "accuracy";
}

export function scoreText(task: Task, score: number, decimals = 2): string {
  return task === "values" ? figure(score, decimals + 1) : percent(score, decimals);
}

/** A change of the score: "+1.25 points", or "+0.031" of R². */
export function changeText(task: Task, change: number): string {
  return task === "values" ? signed(change, 3) : `${signed(100 * change, 2)} points`;
}

/** Whether a change is large enough to be told. */
export function isChange(task: Task, change: number): boolean {
  return Math.abs(change) >= (task === "values" ? 5e-4 : 5e-5);
}

/** What a network that is trained with a loss has at its outputs. */
export function taskOf(loss: LearnPlan["loss"]): Task {
  return VALUE_LOSSES.some(([each]) => each === loss) ? "values" : "classes";
}

/** The score of a kept network: "97.1 %", or "R² 0.912". */
export function scoreOf({ plan, accuracy }: KeptRun): string {
  const task = taskOf(plan.loss);
  return `${task === "values" ? "R² " : ""}${scoreText(task, accuracy, task === "values" ? 2 : 1)}`;
}
