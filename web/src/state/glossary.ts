/** What the words of the page mean. `docs/glossary.md` has the same text: a test compares the two. */

export const GLOSSARY = {
  "held out": "Images that training never sees. The share of them that the network reads correctly is its test accuracy: it says how the network does on images that are new to it.",
  "mini-batch": "The few training images from which one training step computes its mean gradient, 32 for example. An epoch is as many mini-batches as it takes to use every training image once.",
  "softmax": "Turns the sums of the output layer into shares that add up to 100 %: each is e to the power of its sum, divided by the total of all of them.",
  "weight decay": "Pulls every weight a little towards zero at each step, in proportion to the weight. Large weights then remain only where the data need them.",
  "rms": "Root mean square: the square root of the mean of the squares. It is the typical size of many numbers, whatever their signs.",
  "sigma": "The standard deviation, σ: how far numbers typically lie from their mean. Noise of 1 σ is as strong as the spread of the layer's own weights.",
  "logarithmic axis": "An axis on which equal distances are equal factors, 1 to 10 as far as 10 to 100. It shows how a small loss still falls.",
} as const;

export type TermName = keyof typeof GLOSSARY;

/** The text of `docs/glossary.md`. */
export function glossaryPage(): string {
  const entries = Object.entries(GLOSSARY).map(([name, text]) => `**${name}**: ${text}`);
  return `# Glossary\n\nThe words that the studio explains where they stand; the text is that of \`web/src/state/glossary.ts\`.\n\n${entries.join("\n\n")}\n`;
}
