import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { GLOSSARY } from "../src/state/glossary";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf-8");

describe("the glossary", () => {
  it("has the names of its type, each with the text of the documentation", () => {
    const union = /TermName =\n([^;]*);/.exec(read("../src/state/glossary.ts"))?.[1] ?? "";
    expect(Object.keys(GLOSSARY)).toEqual([...union.matchAll(/"([^"]+)"/g)].map((found) => found[1]));
    for (const [name, text] of Object.entries(GLOSSARY)) expect(read("../../docs/glossary.md")).toContain(`**${name}**: ${text}\n`);
  });
});
