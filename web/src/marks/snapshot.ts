/** A figure as one SVG that stands by itself: its canvases as images, its SVGs with the styles they were shown with. */

const SPACE = "http://www.w3.org/2000/svg";
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "font-family", "font-size", "font-weight", "font-style", "text-anchor", "visibility",
];

/** A canvas whose pixels do not outlast their frame draws them anew when it hears this. */
export const BEFORE_SNAPSHOT = "beforesnapshot";

export function snapshot(figure: Element): SVGSVGElement {
  const box = figure.getBoundingClientRect();
  const whole = document.createElementNS(SPACE, "svg");
  whole.setAttribute("xmlns", SPACE);
  whole.setAttribute("width", String(Math.round(box.width)));
  whole.setAttribute("height", String(Math.round(box.height)));
  whole.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  whole.append(background(box));
  for (const part of figure.querySelectorAll<HTMLCanvasElement | SVGSVGElement>("canvas, svg")) {
    if (part.parentElement?.closest("svg, button")) continue;
    const place = part.getBoundingClientRect();
    if (place.width === 0) continue;
    whole.append(part instanceof HTMLCanvasElement ? asImage(part, place, box) : asGroup(part, place, box));
  }
  return whole;
}

export function svgText(picture: SVGSVGElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(picture)}`;
}

function background(box: DOMRect): SVGRectElement {
  const paper = document.createElementNS(SPACE, "rect");
  paper.setAttribute("width", String(box.width));
  paper.setAttribute("height", String(box.height));
  paper.setAttribute("fill", getComputedStyle(document.documentElement).getPropertyValue("--surface"));
  return paper;
}

function asImage(canvas: HTMLCanvasElement, place: DOMRect, box: DOMRect): SVGImageElement {
  canvas.dispatchEvent(new Event(BEFORE_SNAPSHOT));
  const image = document.createElementNS(SPACE, "image");
  image.setAttribute("href", enlarged(canvas, place).toDataURL("image/png"));
  image.setAttribute("x", String(place.left - box.left));
  image.setAttribute("y", String(place.top - box.top));
  image.setAttribute("width", String(place.width));
  image.setAttribute("height", String(place.height));
  image.setAttribute("preserveAspectRatio", "none");
  return image;
}

/** Small pictures are scaled up here, pixel by pixel, since viewers of SVG would blur them. */
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
  copy.setAttribute("x", String(place.left - box.left));
  copy.setAttribute("y", String(place.top - box.top));
  copy.setAttribute("width", String(place.width));
  copy.setAttribute("height", String(place.height));
  return copy;
}
