import { describe, expect, it } from "vitest";
import { lay, stampOf, type Raster } from "../src/marks/stamps";

function raster(width: number, height: number, pixel: readonly number[]): Raster {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < data.length; at++) data[at] = pixel[at % 4];
  return { data, width, height };
}

const at = ({ data, width }: Raster, x: number, y: number) => Array.from(data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4));

describe("stamps", () => {
  const dot = raster(6, 6, [0, 0, 0, 0]);
  dot.data.set([200, 100, 0, 255], 4 * (2 * 6 + 3));
  dot.data.set([200, 100, 0, 51], 4 * (4 * 6 + 3));

  it("are cut to their ink", () => {
    const stamp = stampOf(dot);
    expect([stamp.width, stamp.height, stamp.left, stamp.top]).toEqual([1, 3, 0, -1]);
    expect(stampOf(raster(6, 6, [9, 9, 9, 0])).data.length).toBe(0);
  });

  it("cover what is under them by their opacity", () => {
    const picture = raster(5, 5, [0, 0, 100, 255]);
    lay(picture, stampOf(dot), 2, 2);
    expect(at(picture, 2, 1)).toEqual([200, 100, 0, 255]);
    expect(at(picture, 2, 2)).toEqual([0, 0, 100, 255]);
    expect(at(picture, 2, 3)).toEqual([40, 20, 80, 255]);
    lay(picture, stampOf(dot), 0, 3, 0.5);
    expect(at(picture, 0, 2)).toEqual([100, 50, 50, 255]);
  });

  it("are left out beyond the edges, and nothing is wrapped to the other side", () => {
    const picture = raster(4, 4, [1, 2, 3, 255]);
    const block = stampOf(raster(6, 6, [255, 255, 255, 255]));
    lay(picture, block, -2, -2);
    expect([at(picture, 0, 0)[0], at(picture, 1, 0)[0], at(picture, 3, 0)[0], at(picture, 0, 1)[0]]).toEqual([255, 1, 1, 1]);
    lay(picture, block, 6, 6);
    expect([at(picture, 3, 3)[0], at(picture, 2, 3)[0], at(picture, 0, 3)[0]]).toEqual([255, 1, 1]);
    lay(picture, block, 60, -60);
    expect(at(picture, 2, 2)[0]).toBe(1);
  });
});
