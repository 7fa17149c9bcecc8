/** What the words of the page mean: the text of `docs/glossary.md`, which is the only place where it is written. */
import page from "../../../docs/glossary.md?raw";

export type TermName =
  | "held out"
  | "mini-batch"
  | "SGD"
  | "softmax"
  | "weight decay"
  | "rms"
  | "sigma"
  | "AUC"
  | "R²"
  | "logarithmic axis";

export const GLOSSARY = Object.fromEntries(
  [...page.matchAll(/^\*\*(.+?)\*\*: (.+)$/gm)].map(([, name, text]) => [name, text]),
) as Record<TermName, string>;
