/** What the words of the page mean: the text of `docs/glossary.md`, which is the only place where it is written. */
import page from "../../../docs/glossary.md?raw";

export type TermName =
  | "held out"
  | "grey level"
  | "mini-batch"
  | "SGD"
  | "softmax"
  | "weight decay"
  | "rms"
  | "sigma"
  | "AUC"
  | "R²"
  | "logarithmic axis"
  | "kernel"
  | "channel"
  | "feature map"
  | "stride"
  | "padding"
  | "pooling"
  | "receptive field"
  | "principal axes"
  | "true neighbours"
  | "vote"
  | "integrated gradients"
  | "threshold"
  | "lockstep"
  | "gate"
  | "LSTM"
  | "CTC"
  | "error rate"
  | "clip";

export const GLOSSARY = Object.fromEntries(
  [...page.matchAll(/^\*\*(.+?)\*\*: (.+)$/gm)].map(([, name, text]) => [name, text]),
) as Record<TermName, string>;
