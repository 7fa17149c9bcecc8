import { describe, expect, it, vi } from "vitest";
import type * as wire from "../src/protocol/messages";
import { Connection } from "../src/state/connection.svelte";
import { ConvolveState } from "../src/state/convolve.svelte";
import { Drawing } from "../src/state/drawing.svelte";
import { EditedNetwork } from "../src/state/edited.svelte";
import { LessonsState } from "../src/state/lessons.svelte";
import { TeacherState } from "../src/state/teacher.svelte";
import { WhyState } from "../src/state/why.svelte";
import type { Outgoing } from "../src/transport/link";

/** A session whose requests are numbered and answered by the test. */
function numbered() {
  const sent: string[] = [];
  const requests: Outgoing[] = [];
  const session = new Connection();
  const send = (request: Outgoing) => (requests.push(request), sent.push(request.type));
  session.attach({ send, retry: () => undefined, end: () => undefined });
  const hears = (event: object, payload = NO_BYTES) => session.taken({ event: event as wire.AnyEvent, payload });
  return { session, sent, requests, hears };
}

const NO_BYTES = new Float32Array(0);
const NO_FLOATS = { offset: 0, shape: [0, 0] };
const NOTHING_OPEN = { network: null, parameters: null, trace: null };

describe("answers that come late", () => {
  it("an answer about another place is not shown beside the chosen one", () => {
    const { session, sent } = numbered();
    const convolve = new ConvolveState(session, NOTHING_OPEN);
    const cell = (request: number, sum: number) => ({ type: "cell", request, sum }) as wire.Cell;
    convolve.choose({ layer: 0, channel: 0, row: 1, column: 1 });
    convolve.study();
    const first = sent.length;
    convolve.choose({ layer: 0, channel: 0, row: 2, column: 2 });
    convolve.apply(cell(first, 1), NO_BYTES);
    expect(convolve.studied).toBeNull();
    convolve.study();
    convolve.apply(cell(first, 1), NO_BYTES);
    expect(convolve.studied).toBeNull();
    convolve.apply(cell(sent.length, 2), NO_BYTES);
    expect(convolve.studied?.sum).toBe(2);
  });

  it("scores of another shift are not shown beside the present one", () => {
    const { session, sent } = numbered();
    const convolve = new ConvolveState(session, NOTHING_OPEN);
    convolve.askScores();
    const asked = sent.length;
    convolve.moveTo({ right: 3 });
    convolve.apply({ type: "shiftScores", request: asked } as wire.ShiftScores, NO_BYTES);
    expect(convolve.scores).toBeNull();
  });

  it("maps of the network that was shown before are not shown as those of the present one", () => {
    const { session } = numbered();
    const convolve = new ConvolveState(session, NOTHING_OPEN);
    const told = (subject: string | null) => ({ type: "convolveSubject", request: 1, subject, network: { layers: [], input: {} }, knobs: null }) as unknown as wire.ConvolveSubject;
    const maps = (subject: string | null) => ({ type: "maps", request: 1, subject, layers: [], pixels: NO_FLOATS, twin: null }) as unknown as wire.Maps;
    convolve.enter("digits-conv");
    convolve.apply(told("digits-conv"), NO_BYTES);
    expect(convolve.told?.subject).toBe("digits-conv");
    convolve.enter(null);
    expect(convolve.told).toBeNull();
    convolve.apply(maps("digits-conv"), NO_BYTES);
    expect(convolve.maps).toBeNull();
    convolve.apply(told(null), NO_BYTES);
    convolve.apply(maps(null), NO_BYTES);
    expect(convolve.told?.subject).toBeNull();
    expect(convolve.maps?.subject).toBeNull();
  });

  it("the votes for another picture are not shown beside the present one", () => {
    const { session, hears } = numbered();
    const why = new WhyState(session);
    const votes = { type: "misreading", request: 1, label: 3, ...Object.fromEntries(["sums", "outputs", "terms", "biases", "pixels", "rest", "missing"].map((name) => [name, NO_FLOATS])) };
    why.apply(votes as unknown as wire.Misreading, NO_BYTES);
    hears({ type: "reading", request: 0 }); // the pen went on
    expect(why.verdict).not.toBeNull();
    hears({ type: "drawing", request: 0, source: "example" });
    hears({ type: "reading", request: 0 });
    expect(why.verdict).toBeNull();
  });

  it("a course that was made before a change is not that of the present fields", () => {
    const { session, sent } = numbered();
    const teacher = new TeacherState(session);
    const made = (request: number) => ({ type: "courseMade", request, code: "pc1-a", file: "{}" }) as const;
    teacher.make();
    teacher.changed();
    teacher.apply(made(sent.length));
    expect(teacher.made).toBeNull();
    teacher.make();
    teacher.apply(made(sent.length));
    expect(teacher.made?.code).toBe("pc1-a");
  });

  it("a lesson or a test that was left does not come back", () => {
    const { session, sent, hears } = numbered();
    const lessons = new LessonsState(session);
    const shown = { type: "lessonShown", request: 0, lesson: { name: "bias", title: "Bias" }, stage: "do", hints: [] } as unknown as wire.LessonShown;
    const asked = (request: number) => ({ type: "testShown", request, question: null, number: 0, total: 8 }) as unknown as wire.TestShown;
    lessons.start("bias");
    lessons.apply(shown);
    lessons.leave();
    lessons.apply(shown);
    expect(lessons.shown).toBeNull();
    hears({ type: "done", request: sent.length });
    lessons.start("bias");
    lessons.apply(shown);
    expect(lessons.shown?.lesson.name).toBe("bias");
    lessons.beginTest();
    const begun = sent.length;
    lessons.apply(asked(begun));
    expect(lessons.sitting?.total).toBe(8);
    lessons.leave();
    lessons.apply(asked(begun));
    expect(lessons.sitting).toBeNull();
  });
});

describe("changes that are made before an answer", () => {
  it("reach the server in the order in which they were made", () => {
    const { session, sent, requests, hears } = numbered();
    const [drawing, edited] = [new Drawing(session), new EditedNetwork(session)];
    drawing.penDown(0.1, 0.1, 80, false);
    drawing.penMove([0.2, 0.2]);
    drawing.penUp();
    session.send({ type: "askExcitement", layer: 0, neuron: 0 });
    expect(sent).toEqual(["pen", "askExcitement"]);
    drawing.clear();
    drawing.penDown(0.5, 0.5, 80, false);
    expect(sent).toEqual(["pen", "askExcitement", "pen", "clearDrawing"]);
    for (const request of [1, 3]) hears({ type: "reading", request });
    expect(sent.slice(4)).toEqual(["pen"]);
    expect(requests.flatMap((request) => (request.type === "pen" ? [request.stroke] : []))).toEqual([0, 0, 0]);
    edited.turn([1], [0.5], 7);
    edited.turn([1], [0.6], 7);
    session.send({ type: "undoTurn" });
    expect(sent.slice(5)).toEqual(["turnKnobs", "turnKnobs", "undoTurn"]);
  });
});

describe("a pad that is cleared without a connection", () => {
  it("is empty when the studio is back", () => {
    const { session, requests, hears } = numbered();
    const drawing = new Drawing(session);
    drawing.penDown(0.1, 0.1, 80, false);
    drawing.penUp();
    hears({ type: "reading", request: 1 });
    session.attach({ send: () => 0, retry: () => undefined, end: () => undefined });
    drawing.clear();
    session.attach({ send: (request) => requests.push(request), retry: () => undefined, end: () => undefined });
    drawing.interrupt();
    drawing.resume();
    expect(requests.at(-1)).toEqual({ type: "setDrawing", strokes: [] });
  });
});

describe("the next example", () => {
  it("is counted from the one that was asked for", () => {
    const { session, sent, hears } = numbered();
    const drawing = new Drawing(session);
    drawing.openExample("test", 4);
    expect(drawing.asked).toEqual({ part: "test", index: 4 });
    drawing.openExample("test", 5);
    hears({ type: "done", request: sent.length - 1 });
    expect(drawing.asked?.index).toBe(5);
    hears({ type: "done", request: sent.length });
    expect(drawing.asked).toBeNull();
  });
});

describe("an error message", () => {
  it("stays long enough to be read, then goes with the next success", () => {
    const { session, sent, hears } = numbered();
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const succeed = () => {
      session.send({ type: "undoStroke" });
      hears({ type: "done", request: sent.length });
    };
    session.fail("This is no picture.");
    now = 3900;
    succeed();
    expect(session.failure?.message).toBe("This is no picture.");
    now = 4100;
    succeed();
    expect(session.failure).toBeNull();
    vi.restoreAllMocks();
  });
});
