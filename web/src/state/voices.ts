/** Embedded voices and what they are told to say. */

/** "espeak:en-gb+Andy" is "en-gb Andy (espeak)". */
export function voiceName(name: string): string {
  const [engine, rest] = name.split(":");
  return rest ? `${rest.replace("+", " ")} (${engine})` : name;
}

/** The digits in what somebody typed, such as "3 7"; null where it has other characters, none, or more than `most`. */
export function digitsIn(text: string, most: number): number[] | null {
  const said = Array.from(text.replace(/[\s,]/g, ""));
  return said.length > 0 && said.length <= most && said.every((digit) => /^\d$/.test(digit)) ? said.map(Number) : null;
}
