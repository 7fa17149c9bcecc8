/** The widget of notebooks: the curves' numbers, colours inside a shadow root, and answers with inputs from elsewhere. */

import { describe, expect, it } from "vitest";
import { themed } from "../src/marks/palette";
import { Answers } from "../src/offline/answers";
import type { Shared } from "../src/offline/shared";
import type { NetworkInfo, Reading } from "../src/protocol/messages";
import { floats, type Frame } from "../src/transport/frames";
import { axisOf, columnsOf, rowAt } from "../src/widget/curves";
import { floatsOf, type Model } from "../src/widget/model";
import { network, PIXELS, rowOf } from "./network";

describe("curves", () => {
  const measured = columnsOf(Float32Array.of(1, 0.5, 0.8, NaN, NaN, 4, 0.25, 0.9, 0.3, 0.85));

  it("are the columns of the rows", () => {
    expect(Array.from(measured.epoch)).toEqual([1, 4]);
    expect(Array.from(measured.loss)).toEqual([0.5, 0.25]);
    expect(measured.testLoss[0]).toBeNaN();
  });

  it("have a row for every place: the nearest, the last without a place, none before the first epoch", () => {
    expect(rowAt(measured, 2)?.epoch).toBe(1);
    expect(rowAt(measured, 3)?.epoch).toBe(4);
    expect(rowAt(measured, null)?.loss).toBe(0.25);
    expect(rowAt(columnsOf(new Float32Array()), 1)).toBeNull();
  });

  it("lie within their axes, of which a share's ends at 1", () => {
    expect(axisOf([measured.accuracy, measured.testAccuracy], 1)).toEqual([expect.closeTo(0.792, 5), expect.closeTo(0.908, 5)]);
    expect(axisOf([Float32Array.of(0.2, 1)], 1)[1]).toBe(1);
    expect(axisOf([Float32Array.of(NaN)])).toEqual([0, 1]);
    const [low, high] = axisOf([Float32Array.of(2)]);
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(2);
  });
});

describe("the state of a widget", () => {
  it("has numbers in a part of a buffer, at any place", () => {
    const bytes = new Uint8Array(Float32Array.of(9, 1, -2).buffer);
    const shifted = new Uint8Array(14);
    shifted.set(bytes, 1);
    const model = { get: () => new DataView(shifted.buffer, 5, 8) } as unknown as Model;
    expect(floatsOf(model, "any")).toEqual(Float32Array.of(1, -2));
  });
});

describe("colours", () => {
  it("that are not registered are those of the scheme", () => {
    expect(themed(" light-dark(#111111, #eeeeee)", "light")).toBe("#111111");
    expect(themed("light-dark(#111111, #eeeeee)", "dark").trim()).toBe("#eeeeee");
    expect(themed("rgb(1, 2, 3)", "dark")).toBe("rgb(1, 2, 3)");
  });
});

function answers(input: NetworkInfo["input"], inputs: number): { made: Answers; readings: () => { event: Reading; payload: Float32Array }[] } {
  const { layers, classes, knobs } = network(inputs, 2);
  const info = { name: "net", inputShape: [inputs], input, task: "classes", classes, layers, parameterCount: knobs, seed: 0, loss: "squared", centring: { thicken: true, scale: true, smooth: true, mass: true } };
  const frames: Frame[] = [];
  const shared = { version: "1", network: info, record: [], packing: "none", parameters: "", examples: null, lessons: [] } as unknown as Shared;
  const made = new Answers(shared, new Float32Array(knobs).fill(0.5), null, (frame) => frames.push(frame));
  made.begin();
  return { made, readings: () => frames.flatMap(({ event, payload }) => (event.type === "reading" ? [{ event, payload }] : [])) };
}

describe("answers", () => {
  it("are read again when inputs or parameters come from elsewhere", () => {
    const { made, readings } = answers(PIXELS, 784);
    made.show(new Float32Array(784).fill(1));
    const before = readings().at(-1);
    expect(before?.event.words).not.toBe("");
    expect(floats(before!.payload, before!.event.layers[0].sums)[0]).toBe(392.5);
    made.take(new Float32Array(785 * 2).fill(0));
    const after = readings().at(-1);
    expect(after?.event.version).toBe(1);
    expect(floats(after!.payload, after!.event.layers[0].sums)[0]).toBe(0);
  });

  it("take rows in the units of the data", () => {
    const input = rowOf("length", "width");
    const { made, readings } = answers({ ...input, features: [{ name: "length", mean: 10, scale: 2 }, input.features[1]] }, 2);
    made.answer({ type: "setFeatures", features: [0], values: [14] }, 1);
    const { event, payload } = readings().at(-1)!;
    expect(Array.from(floats(payload, event.pixels))).toEqual([2, 0]);
    expect(Array.from(floats(payload, event.row!))).toEqual([14, 0]);
    expect(event.words).not.toBe("");
  });
});
