/** The checksum CRC-32 of bytes, as in Python's `zlib.crc32`. */

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Of the bits of numbers; `begin` continues an earlier sum. */
export function sum32(values: Float32Array<ArrayBufferLike>, begin = 0): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let sum = ~begin;
  for (const byte of bytes) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 255];
  return ~sum >>> 0;
}
