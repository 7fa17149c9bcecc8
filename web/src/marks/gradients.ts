/** CSS gradients as SVG paint, so that snapshots keep hatching and colour scales. */

const SPACE = "http://www.w3.org/2000/svg";
const COLOUR = /(?:rgba?|color|oklab|oklch|hsla?)\([^()]*\)/g;

let paints = 0;

/** A pattern for a repeating gradient, a gradient for a plain one, or the colour if there is only one. */
export function paintOf(image: string): SVGElement | string {
  const colours = [...image.matchAll(COLOUR)].map((match) => rgbOf(match[0]));
  if (new Set(colours).size === 1) return colours[0];
  const paint = image.startsWith("repeating-") ? hatching(image, colours) : scale(colours);
  paint.id = `paint-${++paints}`;
  return paint;
}

/** Diagonal stripes of the first colour on the last. */
function hatching(image: string, colours: readonly string[]): SVGElement {
  const stops = [...image.matchAll(/([\d.]+)px/g)].map((match) => Number(match[1]));
  const [stripe, period] = [stops[1] ?? 3, stops[stops.length - 1] ?? 5];
  const pattern = make("pattern", { width: period, height: period, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(make("rect", { width: period, height: period, fill: colours[colours.length - 1] }), make("rect", { width: stripe, height: period, fill: colours[0] }));
  return pattern;
}

/** The colours from left to right. */
function scale(colours: readonly string[]): SVGElement {
  const gradient = make("linearGradient", {});
  colours.forEach((colour, at) => gradient.append(make("stop", { offset: at / (colours.length - 1), "stop-color": colour })));
  return gradient;
}

function make(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** Any CSS colour as rgb(), which every SVG viewer knows. */
export function rgbOf(colour: string): string {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return colour;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return alpha === 255 ? `rgb(${red}, ${green}, ${blue})` : `rgba(${red}, ${green}, ${blue}, ${(alpha / 255).toFixed(3)})`;
}
