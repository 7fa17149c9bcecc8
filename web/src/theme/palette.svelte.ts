/** The current palette, updated whenever the theme or the system's preference changes. */

import { readPalette, type Palette } from "../marks/palette";

class Colours {
  palette: Palette = $state.raw(readPalette(document.documentElement));

  constructor() {
    const refresh = () => (this.palette = readPalette(document.documentElement));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
    new MutationObserver(refresh).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }
}

export const colours = new Colours();
