/** Frames as the server sends them: length, JSON, then float32 values; see `pellucid.studio.protocol.frames`. */

import type { AnyEvent, Floats } from "../protocol/messages";

export interface Frame {
  readonly event: AnyEvent;
  readonly payload: Float32Array;
}

const decoder = new TextDecoder();

export function decodeFrame(data: ArrayBuffer): Frame {
  const length = new DataView(data).getUint32(0, true);
  const event = JSON.parse(decoder.decode(new Uint8Array(data, 4, length))) as AnyEvent;
  return { event, payload: new Float32Array(data, 4 + length) };
}

/** The numbers of a `Floats`, as a view into the payload. */
export function floats(payload: Float32Array, place: Floats): Float32Array {
  const count = place.shape.reduce((product, side) => product * side, 1);
  return payload.subarray(place.offset, place.offset + count);
}
