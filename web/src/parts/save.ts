/** Saves what a panel shows as a file: PNG, SVG or CSV. */

import { snapshot, svgText } from "../marks/snapshot";

export type Cell = string | number;

export function csvText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

/** Text that others wrote, which a spreadsheet must not take for a formula. */
export function asText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function field(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveRows(name: string, head: readonly string[], rows: readonly (readonly Cell[])[]): void {
  saveBlob(`${name}.csv`, new Blob([csvText(head, rows)], { type: "text/csv" }));
}

export function saveSvg(name: string, figure: Element): void {
  saveBlob(`${name}.svg`, new Blob([svgText(snapshot(figure))], { type: "image/svg+xml" }));
}

export async function savePng(name: string, figure: Element, scale = 2): Promise<void> {
  const picture = snapshot(figure);
  const [width, height] = [Number(picture.getAttribute("width")), Number(picture.getAttribute("height"))];
  const address = URL.createObjectURL(new Blob([svgText(picture)], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * scale, height * scale];
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob) saveBlob(`${name}.png`, blob);
  } finally {
    URL.revokeObjectURL(address);
  }
}

export function saveBlob(name: string, blob: Blob): void {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}
