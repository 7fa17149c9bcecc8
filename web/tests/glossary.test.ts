import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { glossaryPage } from "../src/state/glossary";

describe("the glossary", () => {
  it("says the same on the page and in the documentation", () => {
    expect(readFileSync(new URL("../../docs/glossary.md", import.meta.url), "utf-8")).toBe(glossaryPage());
  });
});
