/** The rows of the picture: where each begins, and what it is called. */

import type * as wire from "../../protocol/messages";
import { quantityTitle } from "../../state/quantities";
import { RUNGS, type Rung } from "../../state/takes";

export interface Row {
  readonly kind: "ticks" | "wave" | "bands" | "rung" | "posteriors" | "quantity";
  readonly name: string;
  readonly title: string;
  readonly top: number;
  readonly height: number;
  readonly rung?: Rung;
  /** Index of the quantity. */
  readonly quantity?: number;
}

export interface Layout {
  readonly rows: readonly Row[];
  /** Where the rows of sound end and those of the network begin. */
  readonly split: number;
  readonly height: number;
}

const GAP = 4;
const RUNG_TITLES: Readonly<Record<Rung, string>> = { sentence: "sentence", word: "words", syllable: "syllables", sound: "sounds" };

export function layoutOf(info: wire.Listening, layer: wire.ListenLayer, scale: number, one: boolean, few: boolean): Layout {
  const rows: Row[] = [];
  let top = 0;
  const add = (row: Omit<Row, "top">) => {
    rows.push({ ...row, top });
    top += row.height + GAP;
  };
  add({ kind: "ticks", name: "", title: "seconds", height: 16 * scale });
  add({ kind: "wave", name: "wave", title: "waveform", height: few ? 40 : 52 });
  add({ kind: "bands", name: "mel", title: "power in mel bands", height: few ? 44 : 60 });
  const split = top;
  const rungs = few ? RUNGS.filter((rung) => rung === "word" || rung === "sound") : RUNGS;
  if (info.spells) for (const rung of rungs) add({ kind: "rung", rung, name: RUNG_TITLES[rung], title: RUNG_TITLES[rung], height: 18 * scale });
  add({ kind: "posteriors", name: info.spells ? "sounds p" : "p", title: "posteriors: probability of each class", height: few ? 54 : 84 });
  const heat = few ? 27 : Math.max(20, Math.min(34, layer.units / 2));
  layer.quantities.forEach((name, quantity) => {
    if (few && quantity < layer.quantities.length - 2) return;
    add({ kind: "quantity", quantity, name, title: quantityTitle(layer, quantity), height: layer.directions * heat + (one ? 26 : 0) });
  });
  return { rows, split, height: top };
}

export function rowAt(layout: Layout, y: number): Row | null {
  return layout.rows.find(({ top, height }) => top <= y && y < top + height) ?? null;
}
