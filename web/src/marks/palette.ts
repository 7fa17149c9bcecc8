/** The theme's colours as numbers, and two scales: sequential for activations, diverging for signed values. */

export type Rgb = readonly [number, number, number];

export interface Palette {
  readonly background: Rgb;
  readonly surface: Rgb;
  readonly line: Rgb;
  readonly ink: Rgb;
  readonly soft: Rgb;
  readonly faint: Rgb;
  readonly positive: Rgb;
  readonly negative: Rgb;
  readonly accent: Rgb;
}

const NAMES = ["background", "surface", "line", "ink", "soft", "faint", "positive", "negative", "accent"] as const;

/** The palette that an element inherits, from the custom properties of `theme/tokens.css`. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, parseRgb(themed(style.getPropertyValue(`--${name}`), style.colorScheme))])) as unknown as Palette;
}

/** The colour of a scheme: properties that are not registered, as inside a shadow root, keep both. */
export function themed(colour: string, scheme: string): string {
  const both = /^\s*light-dark\(([^,]+),([^)]+)\)\s*$/.exec(colour);
  return both ? both[scheme === "dark" ? 2 : 1] : colour;
}

export function parseRgb(text: string): Rgb {
  const hex = /^\s*#([0-9a-f]{6})\s*$/i.exec(text);
  if (hex) return [0, 2, 4].map((at) => parseInt(hex[1].slice(at, at + 2), 16)) as unknown as Rgb;
  const parts = text.match(/[\d.]+/g)?.map(Number) ?? [];
  if (parts.length < 3) throw new TypeError(`expected a colour such as rgb(1, 2, 3), got "${text}"`);
  return [parts[0], parts[1], parts[2]];
}

export function css(rgb: Rgb, alpha = 1): string {
  return `rgb(${Math.round(rgb[0])} ${Math.round(rgb[1])} ${Math.round(rgb[2])} / ${alpha})`;
}

export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const t = share < 0 ? 0 : share > 1 ? 1 : share;
  return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t, from[2] + (to[2] - from[2]) * t];
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/** Black or white, whichever contrasts more with a colour: always at least 4.5:1. */
export function readableOn(colour: Rgb): Rgb {
  return luminance(colour) > 0.179 ? BLACK : WHITE;
}

/** Relative luminance as WCAG 2 defines it. */
export function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((level) => (level <= 10.31 ? level / 3294.6 : ((level / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 0 is the surface, 1 full ink. */
export function sequential(palette: Palette, activation: number): Rgb {
  return mix(palette.surface, palette.ink, activation);
}

/** -1 full orange, 0 the surface, 1 full blue; the square root keeps small values visible. */
export function diverging(palette: Palette, value: number): Rgb {
  return mix(palette.surface, value < 0 ? palette.negative : palette.positive, Math.sqrt(Math.min(1, Math.abs(value))));
}
