/** What anywidget hands to a module: the widget's state, which the notebook's kernel shares. */

import type { Vector } from "../offline/engine";

export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: () => void): void;
  off(event: string, callback: () => void): void;
}

/** Call back at changes of one part of the state, until the function that is returned is called. */
export function listen(model: Model, name: string, callback: () => void): () => void {
  model.on(`change:${name}`, callback);
  return () => model.off(`change:${name}`, callback);
}

/** The numbers of a binary part of the state: float32 in little-endian order. */
export function floatsOf(model: Model, name: string): Vector {
  const { buffer, byteOffset, byteLength } = model.get(name) as DataView<ArrayBuffer>;
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
