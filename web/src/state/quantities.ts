/** The values of a recurrent layer: what each is called, and which are gates. */

import type { ListenLayer } from "../protocol/messages";

const TITLES: Readonly<Record<string, string>> = {
  i: "input gate: what is let in", f: "forget gate: what is kept", g: "candidate: what may come in", o: "output gate: what is shown",
  c: "cell: what is remembered", h: "hidden value: what the next layer sees", r: "reset gate", q: "recurrent part", n: "candidate", z: "weighted sum", a: "activation",
};

/** Gates lie between 0 and 1; all other values have a sign. */
export function isGate(layer: ListenLayer, quantity: number): boolean {
  const name = layer.quantities[quantity];
  return ["i", "f", "o", "r", "a"].includes(name) || (name === "z" && layer.quantities.includes("r"));
}

export function quantityTitle(layer: ListenLayer, quantity: number): string {
  const name = layer.quantities[quantity];
  return name === "z" && layer.quantities.includes("r") ? "update gate" : (TITLES[name] ?? name);
}
