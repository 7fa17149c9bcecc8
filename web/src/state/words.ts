/** Numbers and readings in words. */

/** A number at a fixed number of decimals, with a true minus sign; very large and very small ones in powers of ten. */
export function figure(value: number, decimals = 3): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const text = size >= 1e5 || (size > 0 && size < 0.5 * 10 ** -decimals) ? power(size) : size.toFixed(decimals);
  return value < 0 && !/^0(\.0*)?$/.test(text) ? `−${text}` : text;
}

/** A number where there is little room: never in powers of ten unless it is large. */
export function short(value: number, decimals = 2): string {
  const size = Math.abs(value);
  if (!(size < 1e4)) return figure(value, 1);
  const text = size.toFixed(size >= 100 ? 0 : size >= 10 ? Math.min(1, decimals) : decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** `figure` with its sign always shown: "+0.250", "−1.000". */
export function signed(value: number, decimals = 3): string {
  const text = figure(value, decimals);
  return value >= 0 ? `+${text}` : text.startsWith("−") ? text : `−${text}`;
}

/** As a term of a sum: parentheses around negative numbers. */
export function inSum(value: number, decimals = 3): string {
  const text = figure(value, decimals);
  return text.startsWith("−") ? `(${text})` : text;
}

export function percent(share: number, decimals = 2): string {
  return `${(100 * share).toFixed(decimals)} %`;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
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
