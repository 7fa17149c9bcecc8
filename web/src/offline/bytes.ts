/** Bytes that are packed as text. */

export type Packing = "none" | "deflate";

/** The bytes of base64, after inflating them. */
export async function unpacked(text: string, packing: Packing): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (packing === "none") return packed;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
