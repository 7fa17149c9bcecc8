/** Rows of features: their names, the sliders of their values, scores of values, and links to them. */

import { describe, expect, it } from "vitest";
import { inputGrid, matching, sliderOf } from "../src/state/features";
import { findKnob, knobIndex, knobLabel, sourceLabel, sourceName } from "../src/state/network";
import { decodeScene, encodeScene, MAX_ROW } from "../src/state/permalink";
import { Row } from "../src/state/row.svelte";
import { changeText, isChange, scoreText, taskOf } from "../src/state/score";
import { valuesText, valueText } from "../src/state/trace";
import type { Reading } from "../src/protocol/messages";
import type { Outgoing } from "../src/transport/link";
import type { Session } from "../src/transport/session";
import { network, PIXELS, rowOf } from "./network";

const FLOWERS = { ...network(2, 3, 2), input: rowOf("petal length", "petal width") };

describe("features", () => {
  it("name inputs and knobs, and knobs are found by them", () => {
    expect(sourceLabel(FLOWERS, 0, 1)).toBe("feature petal width");
    expect(sourceName(FLOWERS, 0, 1)).toBe("petal width");
    const knob = knobIndex(FLOWERS, { layer: 0, neuron: 2, input: 0 });
    expect(knobLabel(FLOWERS, knob)).toBe("feature petal length → hidden layer 1, neuron 2");
    expect(findKnob(FLOWERS, knobLabel(FLOWERS, knob))).toBe(knob);
  });

  it("are found by a part of their name", () => {
    expect(matching(["Petal length", "petal width", "age"], " PETAL")).toEqual([0, 1]);
    expect(matching(["a", "b"], "")).toEqual([0, 1]);
  });

  it("lie below each other; channels too", () => {
    expect(inputGrid(FLOWERS)).toEqual({ columns: 1, rows: 2 });
    const coloured = { ...network(60, 2), input: { ...PIXELS, channels: 3, rows: 5, columns: 4 } };
    expect(inputGrid(coloured)).toEqual({ columns: 4, rows: 15 });
    expect(sourceLabel(coloured, 0, 27)).toBe("pixel (1, 3) of channel 1");
  });
});

describe("sliders", () => {
  it("move over the range of the data in steps that people would choose", () => {
    expect(sliderOf({ low: 1.2, high: 6.9, whole: false }, 3)).toEqual({ min: 1.2, max: 6.9, step: 0.1 });
    expect(sliderOf({ low: 40, high: 200, whole: true }, 55)).toEqual({ min: 40, max: 200, step: 1 });
  });

  it("reach a value beyond the range", () => {
    expect(sliderOf({ low: 0, high: 10, whole: false }, 25).max).toBe(25);
    expect(sliderOf({ low: 0, high: 10, whole: false }, -5).min).toBe(-5);
  });

  it("have room where all values are alike, or none are known", () => {
    for (const range of [{ low: 3, high: 3, whole: false }, { low: 3, high: 3, whole: true }, undefined]) {
      const { min, max, step } = sliderOf(range, 3);
      expect(min).toBeLessThan(max);
      expect(step).toBeGreaterThan(0);
    }
  });
});

describe("scores", () => {
  it("are shares of right answers, or R²", () => {
    expect(scoreText("classes", 0.9712)).toBe("97.12\u00a0%");
    expect(scoreText("values", -0.5)).toBe("−0.500");
    expect(changeText("values", -0.25)).toBe("−0.250");
    expect(changeText("classes", 0.01)).toBe("+1.00 points");
    expect([isChange("values", 1e-4), isChange("classes", 1e-4)]).toEqual([false, true]);
    expect([taskOf("huber"), taskOf("squared")]).toEqual(["values", "classes"]);
  });

  it("belong to values in words", () => {
    expect(valuesText([231.42, -0.5], ["price", "taxes"])).toBe("price 231.4, taxes −0.5");
    expect(valueText(123456)).toBe("1.2·10⁵");
    expect(valueText(0)).toBe("0");
  });
});

describe("links", () => {
  it("carry the row of values", () => {
    const scene = { room: "read", row: [5.099999904632568, -0.25, 1e-7, 0] };
    const hash = encodeScene(scene);
    expect(hash).toContain("v=5.1_-0.25_1e-7_0");
    expect(decodeScene(hash).row?.map(Math.fround)).toEqual(scene.row.map(Math.fround));
  });

  it("leave out what is no row", () => {
    for (const text of ["", "1__2", "1_x", "1e40", "NaN", Array(MAX_ROW + 1).fill(0).join("_")]) expect(decodeScene(`#/read?v=${text}`).row).toBeUndefined();
  });
});

describe("the row", () => {
  function made() {
    const sent: Outgoing[] = [];
    let listener: Parameters<Session["listen"]>[0] = () => undefined;
    const session = {
      send: (request: Outgoing) => sent.push(request),
      notify: () => undefined,
      keepOrder: () => undefined,
      listen: (each: typeof listener) => ((listener = each), () => undefined),
    } as unknown as Session;
    const row = new Row(session);
    const told = (...values: number[]) => row.take({ row: { offset: 0, shape: [values.length] } } as unknown as Reading, Float32Array.from(values));
    const answer = (request: number) => listener({ type: "done", request }, new Float32Array());
    return { row, sent, told, answer };
  }

  it("shows a change at once and sends the latest when the server has answered", () => {
    const { row, sent, told, answer } = made();
    told(1, 2, 3);
    row.set([1], [5]);
    row.set([1], [6]);
    row.set([2], [7]);
    expect(Array.from(row.values ?? [])).toEqual([1, 6, 7]);
    expect(sent).toEqual([{ type: "setFeatures", features: [1], values: [5] }]);
    told(1, 5, 3);
    answer(1);
    expect(sent[1]).toEqual({ type: "setFeatures", features: [1, 2], values: [6, 7] });
    expect(Array.from(row.values ?? [])).toEqual([1, 6, 7]);
  });

  it("goes back to what is true when nothing is under way", () => {
    const { row, told, answer } = made();
    told(1, 2);
    row.set([0], [9]);
    answer(1);
    expect(Array.from(row.values ?? [])).toEqual([1, 2]);
    row.set([0], [9]);
    row.interrupt();
    expect(Array.from(row.values ?? [])).toEqual([1, 2]);
  });
});
