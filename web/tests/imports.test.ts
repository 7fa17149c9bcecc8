/** Folders import from those above them only, and no file imports itself by way of others; type imports count too. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
const FOLDERS = ["protocol", "transport", "state", "marks", "theme", "parts", "rooms", "offline", "widget", ""];

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : /\.(ts|svelte)$/.test(name) ? [path] : [];
  });
}

/** The file of this folder that an import names, or null for a package, a style or a text. */
function resolved(from: string, name: string): string | null {
  if (!name.startsWith(".") || /\.css$|\?(raw|inline)$/.test(name)) return null;
  const path = normalize(join(dirname(from), name.replace(/\?worker&url$/, "")));
  return relative(SOURCE, ALL.find((file) => [path, `${path}.ts`, join(path, "index.ts")].includes(file)) ?? `${path} is missing`);
}

const ALL = files(SOURCE);
const IMPORTS = new Map(ALL.map((file) => {
  const names = [...readFileSync(file, "utf8").matchAll(/(?:\bfrom|\bimport) *\(? *"([^"]+)"/g)].map((match) => match[1]);
  return [relative(SOURCE, file), names.map((name) => resolved(file, name)).filter((name) => name !== null)] as const;
}));

function circle(from: string, path: readonly string[] = []): readonly string[] | null {
  if (path.includes(from)) return [...path.slice(path.indexOf(from)), from];
  if (CLEAR.has(from)) return null;
  for (const to of IMPORTS.get(from) ?? []) {
    const found = circle(to, [...path, from]);
    if (found) return found;
  }
  CLEAR.add(from);
  return null;
}
const CLEAR = new Set<string>();

describe("imports", () => {
  it("are found, and name files that are there", () => {
    expect(IMPORTS.get("state/studio.svelte.ts")).toContain("state/learn.svelte.ts");
    expect(IMPORTS.get("rooms/index.ts")).toContain("rooms/read/Read.svelte");
    for (const names of IMPORTS.values()) for (const name of names) expect([...IMPORTS.keys()]).toContain(name);
  });

  it("make no circle", () => {
    for (const file of IMPORTS.keys()) expect(circle(file)).toBeNull();
  });

  it("go to the same folder or one above", () => {
    const place = (file: string) => FOLDERS.indexOf(file.includes("/") ? file.split("/")[0] : "");
    for (const [file, names] of IMPORTS) {
      for (const name of names) expect(place(name), `${file} imports ${name}`).toBeLessThanOrEqual(place(file));
    }
  });
});
