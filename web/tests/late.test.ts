import { describe, expect, it } from "vitest";
import type * as wire from "../src/protocol/messages";
import { ConvolveState } from "../src/state/convolve.svelte";
import type { Session } from "../src/transport/session";

/** A session whose requests are numbered and answered by the test. */
function numbered(): { readonly session: Session; readonly sent: string[] } {
  const sent: string[] = [];
  const send = ({ type }: { type: string }) => sent.push(type);
  return { session: { send, notify: () => undefined, listen: () => undefined } as unknown as Session, sent };
}

const NO_BYTES = new Float32Array(0);
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
});
