/** The images inside the file, packed by `pellucid.studio.sharing.examples`: first those to learn from, then those held out. */

import { unpacked } from "./bytes";
import type { Vector } from "./engine";

export interface PackedExamples {
  readonly name: string;
  readonly source: string;
  readonly licence: string;
  /** How many there are to learn from, and how many held out. */
  readonly train: number;
  readonly test: number;
  /** Whether the network was trained on those held out. */
  readonly seen: boolean;
  /** Base64 of zlib's deflate: labels, one bit for each pixel with ink, the levels of these. */
  readonly packed: string;
}

/** A pixel's level as a number from 0 to 1. */
const UNIT = Float32Array.from({ length: 256 }, (_, level) => level / 255);

export class Examples {
  readonly labels: Uint8Array;
  readonly #levels: Uint8Array;
  readonly #size: number;

  /** `size` is the number of pixels of an image. */
  constructor(labels: Uint8Array, levels: Uint8Array, size: number, readonly train: number) {
    this.labels = labels;
    this.#levels = levels;
    this.#size = size;
  }

  get test(): number {
    return this.labels.length - this.train;
  }

  /** The pixels (D,) of an image, 0 to 1. */
  pixels(index: number): Vector {
    const found = new Float32Array(this.#size);
    const from = index * this.#size;
    for (let at = 0; at < this.#size; at++) found[at] = UNIT[this.#levels[from + at]];
    return found;
  }

  /** Number in the file of held-out image `index`. */
  held(index: number): number {
    return this.train + index;
  }
}

export async function unpack({ packed, train, test }: PackedExamples, size: number): Promise<Examples> {
  const bytes = await unpacked(packed, "deflate");
  const count = train + test;
  const bits = Math.ceil((count * size) / 8);
  const levels = new Uint8Array(count * size);
  let next = count + bits;
  for (let at = 0; at < levels.length; at++) {
    if (bytes[count + (at >> 3)] & (128 >> (at & 7))) levels[at] = bytes[next++];
  }
  if (next !== bytes.length) throw new RangeError(`expected ${next} bytes of images, got ${bytes.length}: the file is damaged`);
  return new Examples(bytes.slice(0, count), levels, size, train);
}
