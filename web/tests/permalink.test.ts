import { describe, expect, it } from "vitest";
import { decodeScene, encodeScene, sameScene, shortest, type Scene } from "../src/state/permalink";

const STROKES = [{ erase: false, width: 70, points: [100, 200, 300, 400] }];

describe("a scene", () => {
  const scenes: Scene[] = [
    { room: "read" },
    { room: "turn", network: "digits-relu", strokes: STROKES },
    { room: "read", example: { part: "test", index: 812 } },
    { room: "learn", run: "0123456789abcdef" },
    { room: "nudge", present: true },
    { room: "read", grey: 10 },
    { room: "read", present: true, example: { part: "test", index: 812 } },
    { room: "read", example: { part: "train", index: 3 }, data: { name: "shapes", digest: "0a1b2c3d4e5f" } },
    { room: "read", pixels: Uint8Array.from({ length: 784 }, (_, at) => at % 256) },
    { room: "turn", centring: { thicken: false, scale: true, smooth: false, mass: true } },
    { room: "turn", centring: { thicken: false, scale: false, smooth: false, mass: false } },
    { room: "turn", knobs: [[12, 0.7], [13001, -1e-7]], factors: [[0, 3, 0], [-1, 70, 2.5]] },
  ];

  it("comes back from its address", () => {
    for (const scene of scenes) expect(decodeScene(encodeScene(scene))).toEqual(scene);
  });

  it("comes back with every knob of the network turned", () => {
    const knobs = Array.from({ length: 13_002 }, (_, knob): [number, number] => [knob, Math.fround(Math.sin(knob) * 3)]);
    const address = encodeScene({ room: "turn", knobs });
    expect(address).toMatch(/^#\/[\w?=&~.%-]*$/);
    expect(address.length).toBeLessThan(90_000);
    expect(decodeScene(address)).toEqual({ room: "turn", knobs });
    const few = knobs.filter(([knob]) => knob % 100 === 7);
    expect(decodeScene(encodeScene({ room: "turn", knobs: few.toReversed() })).knobs).toEqual(few);
  });

  it("takes what is whole of packed knobs that were cut off", () => {
    const knobs = Array.from({ length: 200 }, (_, at): [number, number] => [at * 300, at / 4]);
    const address = encodeScene({ room: "turn", knobs });
    expect(decodeScene(address.slice(0, -3)).knobs).toEqual(knobs.slice(0, 199));
    expect(decodeScene("#/turn?b=!!").knobs).toEqual([]);
    expect(decodeScene("#/turn?b=AAAAgH8").knobs).toEqual([]);
  });

  it("keeps any name of its data", () => {
    const scene: Scene = { room: "read", example: { part: "test", index: 1 }, data: { name: "Größe.~ & #2", digest: "0a1b" } };
    expect(decodeScene(encodeScene(scene))).toEqual(scene);
  });

  it("has an address that needs no escaping", () => {
    for (const scene of scenes) expect(encodeScene(scene)).toMatch(/^#\/[\w?=&~.%-]*$/);
  });

  it("leaves out what is as usual", () => {
    const centring = { thicken: true, scale: true, smooth: true, mass: true };
    expect(encodeScene({ room: "read", centring, knobs: [], factors: [] })).toBe("#/read");
  });

  it("tells a cleared pad from a link that says nothing of a picture", () => {
    expect(encodeScene({ room: "read", strokes: [] })).toBe("#/read?d=");
    expect(decodeScene("#/read?d=").strokes).toEqual([]);
    expect(decodeScene("#/read").strokes).toBeUndefined();
  });

  it("survives addresses that make no sense", () => {
    for (const hash of ["", "#", "#/", "#/read?", "#/read?x=test&k=~~&d=!!&p=AA&f=1_2", "#/read?k=a_1~1_NaN~1.5_2", "#read?%"]) {
      const { room, ...rest } = decodeScene(hash);
      expect(room).toMatch(/^(read)?$/);
      expect(encodeScene({ room: "", ...rest })).toBe("#/");
    }
  });

  it("is the same scene in every room", () => {
    expect(sameScene({ room: "read", strokes: STROKES }, { room: "turn", strokes: STROKES })).toBe(true);
    expect(sameScene({ room: "read", strokes: STROKES }, { room: "read" })).toBe(false);
  });
});

describe("the shortest decimal of a float32", () => {
  it("is the same float32", () => {
    for (const value of [0, 0.1, 0.7, 1 / 3, -1e-7, 3.4e38, 16777217, Math.PI]) {
      const single = Math.fround(value);
      expect(Math.fround(Number(shortest(single)))).toBe(single);
    }
    expect(shortest(Math.fround(0.7))).toBe("0.7");
  });
});
