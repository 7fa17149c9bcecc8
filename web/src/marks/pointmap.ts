/** Thousands of points as one canvas: a coloured letter or dot for each class, with a ring where it is misread. */

import { css, luminance, type Palette, type Rgb } from "./palette";
import { lay, stampOf, type Stamp } from "./stamps";

/** Up to so many points are letters; more are dots. */
export const LETTERED = 3000;

const [LETTER, DOT, RING] = [10, 1.7, 5.6];
/** How strongly points outside of a selection are painted. */
const DIM = 0.13;

export interface Cloud {
  /** x and y of each point in pixels of the page. */
  readonly places: Float32Array;
  readonly labels: ArrayLike<number>;
  /** Whether each one is misread. */
  readonly wrong: ArrayLike<number>;
  /** Whether each one is selected; null for all. */
  readonly chosen: Uint8Array | null;
  readonly marks: readonly string[];
}

/** One letter for each class: the first of its name where these differ, otherwise A, B, C … */
export function classMarks(names: readonly string[]): string[] {
  const first = names.map((name) => Array.from(name)[0] ?? "?");
  return new Set(first).size === names.length ? first : names.map((_, at) => String.fromCodePoint(65 + at));
}

/** Colours of the classes: hues all around, alternately darker and lighter. */
export function classColours(count: number, palette: Palette): Rgb[] {
  const dark = luminance(palette.surface) < 0.2;
  return Array.from({ length: count }, (_, at) => {
    const light = dark ? [0.62, 0.78][at % 2] : [0.32, 0.45][at % 2];
    return fromHsl((360 * at) / count, 0.72, light);
  });
}

function fromHsl(hue: number, saturation: number, light: number): Rgb {
  const reach = saturation * Math.min(light, 1 - light);
  const level = (offset: number) => {
    const at = (offset + hue / 30) % 12;
    return 255 * (light - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1)));
  };
  return [level(0), level(8), level(4)];
}

/** Set a canvas to the size of its element; returns its context in pixels of the page. */
export function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** A function that paints clouds on the whole of a canvas, with its letters drawn once for each palette. */
export function makeCloudPainter(): (context: CanvasRenderingContext2D, cloud: Cloud, palette: Palette) => void {
  let key = "";
  let stamps: readonly (Stamp | null)[] = [];
  let image: ImageData | null = null;
  return (context, cloud, palette) => {
    const { labels, wrong, chosen, places } = cloud;
    const [ratio, lettered] = [window.devicePixelRatio || 1, labels.length <= LETTERED];
    const now = JSON.stringify([cloud.marks, lettered, palette, ratio]);
    if (now !== key) stamps = makeStamps(cloud.marks, lettered, palette);
    key = now;
    const { width, height } = context.canvas;
    if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
    new Uint32Array(image.data.buffer).fill(word(palette.background));
    for (const inside of chosen ? [0, 1] : [1]) {
      for (let at = 0; at < labels.length; at++) {
        if (chosen && chosen[at] !== inside) continue;
        const stamp = stamps[2 * labels[at] + (wrong[at] ? 1 : 0)];
        if (stamp) lay(image, stamp, Math.round(places[2 * at] * ratio), Math.round(places[2 * at + 1] * ratio), inside ? 1 : DIM);
      }
    }
    context.putImageData(image, 0, 0);
  };
}

/** A colour as one opaque pixel. */
function word(colour: Rgb): number {
  return new Uint32Array(Uint8ClampedArray.of(...colour, 255).buffer)[0];
}

const SIDE = 14;

/** For each class, its mark, then the same with the ring of a misread image. */
function makeStamps(marks: readonly string[], lettered: boolean, palette: Palette): (Stamp | null)[] {
  const colours = classColours(marks.length, palette);
  return marks.flatMap((mark, at) => [false, true].map((ringed) => {
    const canvas = document.createElement("canvas");
    const context = sized(canvas, SIDE, SIDE);
    if (!context) return null;
    context.fillStyle = css(colours[at]);
    if (lettered) {
      context.font = `bold ${LETTER}px sans-serif`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(mark, SIDE / 2, SIDE / 2);
    } else disc(context, SIDE / 2, SIDE / 2, DOT).fill();
    if (ringed) {
      context.strokeStyle = css(palette.ink);
      disc(context, SIDE / 2, SIDE / 2, lettered ? RING : 3.4).stroke();
    }
    return stampOf(context.getImageData(0, 0, canvas.width, canvas.height));
  }));
}

export function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number): CanvasRenderingContext2D {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  return context;
}
