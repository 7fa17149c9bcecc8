/** Numbers as text. */

/** A number with a fixed number of decimals and a true minus sign; very large and very small numbers as powers of ten. */
export function figure(value: number, decimals = 3): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size >= 1e5 || (size > 0 && size < 0.5 * 10 ** -decimals) ? power(size) : size.toFixed(decimals);
  return value < 0 && !/^0(\.0*)?$/.test(text) ? `−${text}` : text;
}

/** A short form for little space: powers of ten only for large numbers. */
export function short(value: number, decimals = 2): string {
  const size = Math.abs(value);
  if (!(size < 1e4)) return figure(value, 1);
  const text = size.toFixed(size >= 100 ? 0 : size >= 10 ? Math.min(1, decimals) : decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** `figure` with an explicit sign: "+0.250", "−1.000". */
export function signed(value: number, decimals = 3): string {
  const text = figure(value, decimals);
  return value >= 0 ? `+${text}` : text.startsWith("−") ? text : `−${text}`;
}

/** A number as a term of a sum: negative numbers in parentheses. */
export function inSum(value: number, decimals = 3): string {
  const text = figure(value, decimals);
  return text.startsWith("−") ? `(${text})` : text;
}

/** Text from the engine with true minus signs. */
export function withMinusSigns(text: string): string {
  return text.replace(/(^|[\s(])-(?=[\d.])/g, "$1−");
}

/** A sentence as it is printed: minus signs for hyphens, and no line break before a percent sign. */
export function typeset(text: string): string {
  return withMinusSigns(text).replace(/(?<=\d) (?=%)/g, "\u00a0");
}

/** A share of 1 in per cent; the space does not break. */
export function percent(share: number, decimals = 2): string {
  return `${(100 * share).toFixed(decimals)}\u00a0%`;
}

const grouped = new Intl.NumberFormat("en-GB");

export function count(value: number): string {
  return grouped.format(value);
}

/** "1 mini-batch", "2 mini-batches". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : /(s|x|ch|sh)$/.test(noun) ? "es" : "s"}`;
}

/** Rounded up to two significant digits: 0.0731 becomes 0.074. */
export function roundedUp(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return value;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}

/** What a person typed: "1.5", "1,5", "−0.2", "1,234.5"; NaN for anything else. A single comma is a decimal comma. */
export function parseDecimal(text: string): number {
  const plain = text.trim().replace(/^−/, "-");
  const point = /^[-+]?\d{1,3}(,\d{3})+\.\d*$/.test(plain) ? plain.replaceAll(",", "") : plain.replace(/^([-+]?\d*),(\d*(?:e[-+]?\d+)?)$/i, "$1.$2");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(point) ? Number(point) : NaN;
}

/** A whole number as a person types it: "1024" or "1,024"; NaN for anything else. */
export function parseWhole(text: string): number {
  const plain = text.trim();
  return /^(\d+|\d{1,3}(,\d{3})+)$/.test(plain) ? Number(plain.replaceAll(",", "")) : NaN;
}

/** When something was, in the reader's own time: "today 14:05", "3 Nov 2026, 14:05". */
export function when(seconds: number, now = new Date()): string {
  const date = new Date(seconds * 1000);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return `today ${time}`;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/** A name cut to so many characters. */
export function cut(name: string, most: number): string {
  const letters = Array.from(name);
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : name;
}

/** What to draw on the pad: "Draw a digit", or "Draw one of cross, ring". */
export function drawWhat(classes: readonly string[]): string {
  if (classes.length === 0 || classes.every((name) => /^\d$/.test(name))) return "Draw a digit";
  const shown = classes.length > 6 ? [...classes.slice(0, 6), "…"] : classes;
  return `Draw one of ${shown.join(", ")}`;
}

function power(size: number): string {
  const [digits, exponent] = size.toExponential(1).split("e");
  return `${digits}·10${superscript(Number(exponent))}`;
}

function superscript(exponent: number): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const text = Array.from(String(Math.abs(exponent)), (digit) => digits[Number(digit)]).join("");
  return exponent < 0 ? `⁻${text}` : text;
}
