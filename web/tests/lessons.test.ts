import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LessonInfo, LessonShown, Lessons, QuestionInfo } from "../src/protocol/messages";
import { LessonsState } from "../src/state/lessons.svelte";
import { asText, csvText } from "../src/parts/save";
import { answerWords, gainWords, lessonSaid } from "../src/state/lessonwords";
import { decodeScene, encodeScene } from "../src/state/permalink";
import { courseLink, kindOf, TeacherState } from "../src/state/teacher.svelte";
import type { Outgoing } from "../src/transport/link";
import type { Listener, Session } from "../src/transport/session";

const CODE = "pc1-eNqLVvJLLS3KzyvwUUjLL1JI";

function lesson(name: string, state: LessonInfo["state"] = "new"): LessonInfo {
  return { name, number: 1, title: name.toUpperCase(), line: "", room: "read", revealing: false, minutes: 5, state };
}

function shown(change: Partial<LessonShown> = {}): LessonShown {
  return { type: "lessonShown", request: 1, lesson: lesson("bias"), stage: "do", about: "", question: null, task: "Turn.", status: "Nothing yet.", tools: [], hints: [], hintsLeft: 3, gap: "", transfer: null, recall: null, next: null, again: false, foreign: "", reverts: false, place: "", ...change };
}

function question(change: Partial<QuestionInfo> = {}): QuestionInfo {
  return { kind: "choice", text: "?", options: ["a", "b"], rows: [], unit: "", low: 0, high: 1, answer: null, truth: null, right: null, told: "", points: [], axis: "", ...change };
}

class Fake implements Session {
  readonly welcome = null;
  readonly ready = true;
  readonly sent = 0;
  readonly requests: Outgoing[] = [];
  readonly listeners: Listener[] = [];
  send(request: Outgoing): number {
    return this.requests.push(request);
  }
  notify = this.send;
  keepOrder = () => undefined;
  hasten = () => undefined;
  listen(listener: Listener) {
    this.listeners.push(listener);
    return () => undefined;
  }
  fail = vi.fn();
}

const listing: Lessons = {
  type: "lessons", request: 1, lessons: [lesson("function", "passed"), lesson("bias"), lesson("knobs", "passed")], kept: true,
  course: { title: "Two", note: "", network: "", lessons: ["knobs", "bias"], missing: [], fixed: false },
  test: { stage: "lessons", answered: 0, before: null, after: null, taken: false },
};

describe("what a screen reader hears of a lesson", () => {
  it("is what has changed", () => {
    expect(lessonSaid(null, shown())).toBe("Now try it. Turn.");
    expect(lessonSaid(shown({ stage: "predict" }), shown())).toBe("The prediction is locked in. Now try it. Turn.");
    expect(lessonSaid(shown(), shown())).toBe("");
    expect(lessonSaid(shown(), shown({ status: "One of two." }))).toBe("One of two.");
    expect(lessonSaid(shown(), shown({ hints: ["Look."] }))).toBe("Hint 1. Look.");
    expect(lessonSaid(shown(), shown({ stage: "done", gap: "You predicted 3." }))).toBe("Passed. You predicted 3.");
    const done = shown({ stage: "done", transfer: question() });
    expect(lessonSaid(done, { ...done, transfer: question({ answer: [1], truth: [0], right: false, told: "As it is." }) })).toBe("Not right. As it is.");
    expect(lessonSaid(shown({ stage: "done" }), shown({ lesson: lesson("knobs"), stage: "unsuited", about: "Open another." }))).toBe("Open another.");
  });

  it("has answers and gains in words", () => {
    expect(answerWords(question(), 1)).toBe("b");
    expect(answerWords(question({ options: [], unit: "%" }), 96.16, 1)).toBe("96.2\u00a0%");
    expect(gainWords({ right: 2, total: 8 }, { right: 7, total: 8 })).toBe("5 answers more than before");
    expect(gainWords({ right: 3, total: 8 }, { right: 2, total: 8 })).toBe("1 answer fewer than before");
    expect(gainWords({ right: 3, total: 8 }, { right: 3, total: 8 })).toBe("as many as before");
  });
});

describe("a course", () => {
  it("puts its lessons into its order, and counts those that are passed", () => {
    const lessons = new LessonsState(new Fake());
    lessons.apply(listing);
    expect(lessons.list.map(({ name }) => name)).toEqual(["knobs", "bias"]);
    expect(lessons.passed).toBe(1);
    lessons.apply({ ...listing, course: null });
    expect(lessons.passed).toBe(2);
  });

  it("comes with a link, which the address bar does not keep", () => {
    const link = courseLink({ origin: "http://127.0.0.1:8127", pathname: "/" }, CODE);
    const scene = decodeScene(new URL(link).hash);
    expect(scene).toEqual({ room: "read", course: CODE });
    expect(encodeScene(scene)).toBe("#/read");
    for (const wrong of ["pc2-abcdefghij", "pc1-<b>bold</b>", "pc1-", `pc1-${"a".repeat(20_001)}`]) {
      expect(decodeScene(`#/read?course=${encodeURIComponent(wrong)}`)).toEqual({ room: "read" });
    }
  });

  it("is told from a result by its file", () => {
    expect(kindOf('{"pellucid": "course"}')).toBe("course");
    expect(kindOf('{"pellucid": "result"}')).toBe("result");
    for (const text of ["", "[]", "null", "3", '{"pellucid": 1}', "{"]) expect(kindOf(text)).toBeNull();
  });
});

describe("a table for a spreadsheet", () => {
  it("has no formulas that others wrote", () => {
    const names = ["=1+1", "+1", "-1", "@A1", "Ada", "a=1"].map(asText);
    expect(csvText(["name"], names.map((name) => [name]))).toBe("name\r\n'=1+1\r\n'+1\r\n'-1\r\n'@A1\r\nAda\r\na=1\r\n");
  });
});

describe("a teacher", () => {
  beforeEach(() => vi.stubGlobal("sessionStorage", new Map() as unknown as Storage));

  it("brings lessons into an order, and has to make the course again after a change", () => {
    const session = new Fake();
    const teacher = new TeacherState(session);
    const [one, two, three] = ["bias", "knobs", "loops"].map((name) => lesson(name));
    teacher.add(one);
    teacher.addAll([one, two, three]);
    expect(teacher.chosen).toEqual(["bias", "knobs", "loops"]);
    teacher.move(three, -1);
    teacher.move(one, -1);
    expect(teacher.chosen).toEqual(["bias", "loops", "knobs"]);
    teacher.remove(one);
    teacher.title = "Some";
    teacher.make();
    expect(session.requests).toEqual([{ type: "makeCourse", title: "Some", note: "", lessons: ["loops", "knobs"], network: "" }]);
    teacher.apply({ type: "courseMade", request: 1, code: CODE, file: "{}" });
    expect(teacher.made?.code).toBe(CODE);
    teacher.move(two, -1);
    expect(teacher.made).toBeNull();
  });
});
