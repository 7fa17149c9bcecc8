/**
 * Turns a figure into one self-contained SVG: canvases become images, SVGs keep their computed styles, and text, bars and
 * backgrounds stay in place.
 */

import { BEFORE_SNAPSHOT } from "./frame";
import { paintOf, rgbOf } from "./gradients";

const SPACE = "http://www.w3.org/2000/svg";
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "visibility", "vector-effect",
];


export function snapshot(figure: Element): SVGSVGElement {
  const box = figure.getBoundingClientRect();
  const whole = document.createElementNS(SPACE, "svg");
  whole.setAttribute("xmlns", SPACE);
  whole.setAttribute("width", String(Math.round(box.width)));
  whole.setAttribute("height", String(Math.round(box.height)));
  whole.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  whole.append(background(box), ...fields(figure, box));
  for (const part of figure.querySelectorAll<HTMLCanvasElement | SVGSVGElement>("canvas, svg")) {
    if (part.parentElement?.closest("svg, .button, .menu")) continue;
    const place = part.getBoundingClientRect();
    if (place.width === 0) continue;
    whole.append(part instanceof HTMLCanvasElement ? asImage(part, place, box) : asGroup(part, place, box));
  }
  whole.append(...words(figure, box));
  return whole;
}

/** Controls, which are left out. */
const TOOLS = ".button, .menu, .visually-hidden, select, input, svg";

/** Rectangles for elements with a background: a colour, a hatching, a colour scale or a line. */
function fields(figure: Element, box: DOMRect): SVGElement[] {
  const found: SVGElement[] = [];
  for (const element of figure.querySelectorAll<HTMLElement>("*")) {
    const place = element.getBoundingClientRect();
    if (element.closest(TOOLS) || place.width === 0) continue;
    const { backgroundColor, backgroundImage, backgroundSize } = getComputedStyle(element);
    if (!/^(transparent|rgba\(.*, 0\)|.*\/ 0\))$/.test(backgroundColor)) found.push(field(place, box, rgbOf(backgroundColor)));
    if (!backgroundImage.includes("linear-gradient")) continue;
    const paint = paintOf(backgroundImage);
    const line = /^([\d.]+)px /.exec(backgroundSize);
    const at = line ? new DOMRect(place.left + (place.width - Number(line[1])) / 2, place.top, Number(line[1]), place.height) : place;
    if (paint instanceof SVGElement) found.push(paint);
    found.push(field(at, box, paint instanceof SVGElement ? `url(#${paint.id})` : paint));
  }
  return found;
}

function field(place: DOMRect, box: DOMRect, fill: string): SVGRectElement {
  const rect = document.createElementNS(SPACE, "rect");
  put(rect, place, box);
  rect.setAttribute("fill", fill);
  return rect;
}

/** Every word at its place, stretched to its width on the page whatever font the viewer has. */
function words(figure: Element, box: DOMRect): SVGTextElement[] {
  const found: SVGTextElement[] = [];
  const walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode() as Text | null; node; node = walker.nextNode() as Text | null) {
    const parent = node.parentElement;
    if (!parent || parent.closest(TOOLS)) continue;
    const style = getComputedStyle(parent);
    for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const place = range.getBoundingClientRect();
      if (place.width === 0 || style.visibility !== "visible") continue;
      const text = document.createElementNS(SPACE, "text");
      text.textContent = word;
      text.setAttribute("x", String(place.left - box.left));
      text.setAttribute("y", String(place.top - box.top + place.height / 2));
      text.setAttribute("dominant-baseline", "central");
      text.setAttribute("textLength", String(place.width));
      text.setAttribute("fill", style.color);
      for (const name of ["font-family", "font-size", "font-weight", "font-style"]) text.setAttribute(name, style.getPropertyValue(name));
      found.push(text);
    }
  }
  return found;
}

function put(element: Element, place: DOMRect, box: DOMRect): void {
  element.setAttribute("x", String(place.left - box.left));
  element.setAttribute("y", String(place.top - box.top));
  element.setAttribute("width", String(place.width));
  element.setAttribute("height", String(place.height));
}

export function svgText(picture: SVGSVGElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(picture)}`;
}

function background(box: DOMRect): SVGRectElement {
  const ground = document.createElementNS(SPACE, "rect");
  ground.setAttribute("width", String(box.width));
  ground.setAttribute("height", String(box.height));
  ground.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--surface"));
  return ground;
}

function asImage(canvas: HTMLCanvasElement, place: DOMRect, box: DOMRect): SVGImageElement {
  canvas.dispatchEvent(new Event(BEFORE_SNAPSHOT));
  const image = document.createElementNS(SPACE, "image");
  image.setAttribute("href", enlarged(canvas, place).toDataURL("image/png"));
  put(image, place, box);
  image.setAttribute("preserveAspectRatio", "none");
  return image;
}

/** Scales small canvases up without smoothing, because SVG viewers would blur them. */
function enlarged(canvas: HTMLCanvasElement, place: DOMRect): HTMLCanvasElement {
  const scale = Math.ceil((2 * place.width) / canvas.width);
  if (scale <= 1 || canvas.width < 2) return canvas;
  const large = document.createElement("canvas");
  [large.width, large.height] = [canvas.width * scale, canvas.height * scale];
  const context = large.getContext("2d");
  if (!context) return canvas;
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, large.width, large.height);
  return large;
}

function asGroup(part: SVGSVGElement, place: DOMRect, box: DOMRect): SVGSVGElement {
  const copy = part.cloneNode(true) as SVGSVGElement;
  const shown = [part, ...part.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, index) => {
    const style = getComputedStyle(shown[index]);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
    for (const attribute of ["class", "tabindex", "role"]) element.removeAttribute(attribute);
  });
  put(copy, place, box);
  return copy;
}
