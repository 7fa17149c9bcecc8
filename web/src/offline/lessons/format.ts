/** Numbers as Python's format writes them, as far as the lessons use it: `,.1f`, `+.2f`, `g`, `d`, or nothing. */

const SPEC = /^(\+?)(,?)(?:\.(\d+))?([fgd]?)$/;

export function formatted(value: unknown, spec: string): string {
  if (typeof value !== "number") {
    if (spec === "") return value === null ? "None" : value === true ? "True" : value === false ? "False" : String(value);
    throw new TypeError(`expected a number for ${JSON.stringify(spec)}, got ${typeof value}`);
  }
  const parts = SPEC.exec(spec);
  if (!parts) throw new TypeError(`expected a format such as ",.1f", got ${JSON.stringify(spec)}`);
  const [, plus, comma, digits, kind] = parts;
  const text = unsigned(Math.abs(value), kind, digits === undefined ? null : Number(digits));
  const sign = value < 0 || Object.is(value, -0) ? "-" : plus;
  return sign + (comma ? text.replace(/^\d+/, grouped) : text);
}

function unsigned(size: number, kind: string, digits: number | null): string {
  if (!Number.isFinite(size)) return Number.isNaN(size) ? "nan" : "inf";
  if (kind === "f") return fixed(size, digits ?? 6);
  if (kind === "g") return general(size, digits ?? 6);
  return String(size);
}

/** Like `toFixed`, but a number halfway between two goes to the even one, as in Python. */
function fixed(size: number, digits: number): string {
  if (size >= 1e21) return BigInt(size).toString() + (digits > 0 ? `.${"0".repeat(digits)}` : "");
  const exact = size.toFixed(Math.min(100, digits + 60));
  const rest = exact.slice(exact.indexOf(".") + 1 + digits);
  const up = size.toFixed(digits);
  if (!/^50*$/.test(rest) || Number(up.at(-1)) % 2 === 0) return up;
  return digits === 0 ? exact.slice(0, exact.indexOf(".")) : exact.slice(0, exact.indexOf(".") + 1 + digits);
}

function general(size: number, digits: number): string {
  if (size === 0) return "0";
  const [mantissa, power] = size.toExponential(Math.max(0, digits - 1)).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < Math.max(1, digits)) return trimmed(size.toFixed(Math.max(0, digits - 1 - exponent)));
  return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}
