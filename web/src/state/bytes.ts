/** Integers as bytes, seven bits each, and bytes as base64url text. */

export interface Reader {
  readonly bytes: Uint8Array;
  at: number;
}

export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value & 1 ? -(value + 1) / 2 : value / 2;
}

export function writeInteger(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
}

export function readInteger(reader: Reader): number | null {
  let value = 0;
  for (let shift = 0; shift <= 21; shift += 7) {
    const byte = reader.bytes[reader.at++];
    if (byte === undefined) return null;
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
  return null;
}

export function toText(bytes: ArrayLike<number>): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) text += String.fromCharCode(bytes[at]);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function toBytes(text: string): Uint8Array | null {
  if (!/^[\w-]*$/.test(text)) return null;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}
