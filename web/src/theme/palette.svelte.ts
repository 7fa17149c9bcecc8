/** The current palette, updated whenever the theme or the system's preference changes. */

import { readPalette, type Palette } from "../marks/palette";

class Colours {
  #root: Element = document.documentElement;
  #changes = $state(0);
  readonly palette: Palette = $derived.by(() => {
    void this.#changes;
    return readPalette(this.#root);
  });

  constructor() {
    const refresh = () => void this.#changes++;
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
    new MutationObserver(refresh).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /** Read the palette where this element is: inside a page that is not ours. */
  follow(root: Element): void {
    this.#root = root;
    this.#changes++;
  }
}

export const colours = new Colours();
