/** The labels of an axis: the marked values in full, so that no two of them look alike. */

import { figure, percent } from "./words";

const MOST_DECIMALS = 15;

/** Labels of evenly spaced values, all with as many decimals as they need. */
export function tickLabels(values: readonly number[]): string[] {
  const largest = Math.max(0, ...values.map(Math.abs));
  if (largest > 0 && (largest >= 1e5 || largest < 1e-3)) return values.map(inPowers);
  const decimals = decimalsOf(values);
  return values.map((value) => (isZero(value, largest) ? "0" : figure(value, decimals)));
}

/** Labels of shares of 1 in per cent. */
export function percentLabels(shares: readonly number[]): string[] {
  const decimals = decimalsOf(shares.map((share) => 100 * share));
  return shares.map((share) => percent(share, decimals));
}

/** Labels of values on a logarithmic axis, each with the decimals that it needs itself. */
export function logLabels(values: readonly number[]): string[] {
  return values.map((value) => (value >= 1e5 || value < 1e-3 ? inPowers(value) : figure(value, decimalsOf([value]))));
}

/** The fewest decimals with which every value is written in full. */
function decimalsOf(values: readonly number[]): number {
  const largest = Math.max(...values.map(Math.abs));
  const full = (decimals: number) => values.every((value) => Math.abs(Number(value.toFixed(decimals)) - value) <= 1e-12 * largest);
  let decimals = 0;
  while (decimals < MOST_DECIMALS && !full(decimals)) decimals++;
  return decimals;
}

/** Steps such as 0.1 add up to values that are almost 0. */
function isZero(value: number, largest: number): boolean {
  return Math.abs(value) <= 1e-12 * largest;
}

/** "2·10⁵", "1.05·10⁶": the digits that the value has, without the errors of adding steps. */
function inPowers(value: number): string {
  if (value === 0) return "0";
  const [digits, exponent] = Number(Math.abs(value).toPrecision(12)).toExponential().split("e");
  const raised = Array.from(String(Math.abs(Number(exponent))), (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `${value < 0 ? "−" : ""}${digits}·10${Number(exponent) < 0 ? "⁻" : ""}${raised}`;
}
