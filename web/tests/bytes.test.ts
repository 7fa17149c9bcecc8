import { describe, expect, it } from "vitest";
import { toBytes, toText } from "../src/state/bytes";

describe("bytes as text", () => {
  it("come back, whatever they are", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(toBytes(toText(bytes))).toEqual(bytes);
    expect(toText(bytes)).toMatch(/^[\w-]+$/);
  });

  it("that are none give null", () => {
    expect(toBytes("a+b/")).toBeNull();
    expect(toBytes("abcde")).toBeNull();
  });
});
