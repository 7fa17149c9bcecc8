/** Lessons of the shared page: Python's formats and functions as syntax trees, the store, and progress. */

import { describe, expect, it } from "vitest";
import { formatted } from "../src/offline/lessons/format";
import { Progress, type Entry } from "../src/offline/lessons/progress";
import { Program, type Carried } from "../src/offline/lessons/python";
import { Lesson, type Question, type Sheet } from "../src/offline/lessons/sheet";
import { openStore } from "../src/offline/lessons/store";

describe("formats", () => {
  // Each as CPython 3.11 writes it.
  it.each([
    [0.5, ".0f", "0"], [1.5, ".0f", "2"], [2.5, ".0f", "2"], [0.125, ".2f", "0.12"], [0.375, ".2f", "0.38"], [2.675, ".2f", "2.67"],
    [1234567.891, ",.1f", "1,234,567.9"], [999.96, ",.1f", "1,000.0"], [-0.04, ".1f", "-0.0"], [3.14159, "+.2f", "+3.14"], [-3.14159, "+.2f", "-3.14"],
    [10, "g", "10"], [0.05, "g", "0.05"], [1e-5, "g", "1e-05"], [1234567, "g", "1.23457e+06"], [123456, "g", "123456"], [0, "g", "0"], [-10, "g", "-10"],
    [100000, "g", "100000"], [0.00012, "g", "0.00012"], [7, "", "7"], [Infinity, ".2f", "inf"], [12, "d", "12"], [1e21, ",.0f", "1,000,000,000,000,000,000,000"],
  ])("%d as %s is %s", (value, spec, text) => {
    expect(formatted(value, spec)).toBe(text);
  });

  it("refuse what they do not know", () => {
    expect(() => formatted(1, "x")).toThrow("expected a format");
    expect(() => formatted("a", ".2f")).toThrow("expected a number");
  });
});

const CARRIED: Carried = {
  LIMIT: ["value", 3],
  // def best(noted): return max((facts for facts in noted if "sum" in facts), key=lambda facts: facts["sum"], default=None)
  best: ["function", ["noted"], [["return", ["call", "max",
    [["each", ["name", "facts"], "facts", ["name", "noted"], [["compare", ["value", "sum"], ["in"], [["name", "facts"]]]]]],
    { key: ["function", ["facts"], [["return", ["item", ["name", "facts"], ["value", "sum"]]]]], default: ["value", null] }]]]],
  // def count(noted, at_least=LIMIT): for ... if ...: return early
  first: ["function", ["noted", ["low", ["name", "LIMIT"]]], [
    ["for", ["at", "value"], ["call", "enumerate", [["name", "noted"]], {}], [
      ["when", ["compare", ["name", "value"], [">="], [["name", "low"]]], [["return", ["name", "at"]]], []]]],
    ["return", ["minus", ["value", 1]]]]],
  words: ["function", ["share"], [["return", ["text", [["value", "it is "], ["format", ["binary", "*", ["value", 100], ["name", "share"]], ["text", [["value", ".1f"]]]], ["value", " %"]]]]]],
};

describe("functions from Python", () => {
  const program = new Program(CARRIED);

  it("take the first of the largest, or what stands for none", () => {
    expect(program.call("best", [{ sum: 1 }, { other: 9 }, { sum: 4, at: 1 }, { sum: 4, at: 2 }])).toEqual({ sum: 4, at: 1 });
    expect(program.call("best", [{ other: 1 }])).toBeNull();
  });

  it("know defaults, loops and early returns", () => {
    expect(program.call("first", [1, 2, 3, 4])).toBe(2);
    expect(program.call("first", [1, 2, 3, 4], 4)).toBe(3);
    expect(program.call("first", [1])).toBe(-1);
  });

  it("write texts", () => expect(program.call("words", 0.9472)).toBe("it is 94.7 %"));

  it("reach nothing outside of the lesson", () => {
    const escape = (tree: Carried[string]) => new Program({ f: ["function", [], [["return", tree]]] }).call("f");
    expect(() => escape(["name", "globalThis"])).toThrow("expected a name");
    expect(() => escape(["call", "constructor", [], {}])).toThrow("expected a name");
    expect(() => escape(["field", ["dict", []], "constructor"])).toThrow("expected a name that is there");
    expect(() => escape(["item", ["list", []], ["value", "length"]])).toThrow("expected a number");
    expect(() => escape(["method", ["dict", []], "toString", []])).toThrow("expected a known method");
  });
});

const QUESTION: Question = { kind: "number", text: "How many?", options: [], rows: [], unit: "", low: 0, high: 9, truth: [3], tolerance: 0.5, setting: { images: 9 }, told: "", points: [], axis: "" };

function sheet(name: string): Sheet {
  return {
    name, number: 1, title: name, line: "", room: "read", place: "Drawing", minutes: 5, about: "", needs: ["images"], question: QUESTION, task: "", hints: ["a", "b", "c"], tools: [],
    transfer: QUESTION, recall: QUESTION, figures: {}, passed: "passed", status: "status", gap: "gap",
    functions: {
      // def passed(question, noted): return noted[-1] if len(noted) >= 2 else None
      passed: ["function", ["question", "noted"], [["return", ["if", ["compare", ["call", "len", [["name", "noted"]], {}], [">="], [["value", 2]]], ["item", ["name", "noted"], ["minus", ["value", 1]]], ["value", null]]]]],
      status: ["function", ["question", "noted"], [["return", ["text", []]]]],
      gap: ["function", ["question", "values", "found"], [["return", ["text", []]]]],
    },
  };
}

const LESSONS = new Map(["a", "b", "c"].map((name) => [name, new Lesson(sheet(name))]));
const predicted = (lesson: string, values = [3]): Entry => ({ type: "predicted", lesson, question: QUESTION, values, mark: 0 });
const noted = (lesson: string, value: number): Entry => ({ type: "noted", lesson, facts: { value } });

describe("progress", () => {
  it("follows from the entries alone, and what comes too early does not count", () => {
    const early = new Progress(LESSONS, [noted("a", 1), noted("a", 2), predicted("a"), noted("a", 3)]);
    expect(early.attempt("a").stage).toBe("do");
    early.add(noted("a", 4));
    expect(early.attempt("a").found).toEqual({ value: 4 });
    expect(early.passed).toEqual(["a"]);
    early.add({ type: "restarted", lesson: "a" });
    expect(early.attempt("a").stage).toBe("predict");
    expect(early.passed).toEqual(["a"]);
  });

  it("passes over lessons that are gone and predictions that do not fit", () => {
    const odd = new Progress(LESSONS, [predicted("gone"), predicted("a", [10]), predicted("a", [1, 2]), { ...predicted("b"), question: { ...QUESTION, setting: {} } } as Entry]);
    expect(odd.attempt("a").stage).toBe("predict");
    expect(odd.attempt("b").stage).toBe("predict");
  });

  it("asks again once two others were passed", () => {
    const all = new Progress(LESSONS, ["a", "b", "c"].flatMap((name) => [predicted(name), noted(name, 1), noted(name, 2)]));
    expect(all.due).toBe("a");
    all.add({ type: "recalled", lesson: "a", question: QUESTION, values: [3] });
    expect(all.due).toBeNull();
  });
});

/** A storage that holds so many letters, or refuses everything. */
function storage(room: number): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem(key: string, value: string) {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      kept.set(key, value);
    },
    removeItem: (key: string) => kept.delete(key),
  } as unknown as Storage;
}

describe("the store", () => {
  it("keeps entries for the next time", () => {
    const place = storage(1e6);
    openStore("k", place).add(noted("a", 1));
    expect(openStore("k", place).entries).toEqual([noted("a", 1)]);
    expect(openStore("other", place).entries).toEqual([]);
  });

  it("says where nothing is kept, and loses nothing in the page", () => {
    for (const place of [null, storage(0)]) {
      const store = openStore("k", place);
      store.add(noted("a", 1));
      expect(store.kept).toBe(false);
      expect(store.entries).toHaveLength(1);
    }
    const full = openStore("k", storage(10));
    expect(full.kept).toBe(true);
    full.add(noted("a", 1));
    expect(full.kept).toBe(false);
    expect(full.entries).toHaveLength(1);
  });

  it("leaves out what is no entry", () => {
    const place = storage(1e6);
    place.setItem("k", JSON.stringify([1, null, { type: "noted", lesson: "a", facts: { x: "y" } }, { type: "predicted", lesson: "a", values: [1] }, noted("a", 2)]));
    expect(openStore("k", place).entries).toEqual([noted("a", 2)]);
    place.setItem("k", "{");
    expect(openStore("k", place).entries).toEqual([]);
  });
});
