/** A Vite plugin that writes `bundled.json`: the names of the npm packages of which something is in the built page. */
import type { Plugin } from "vite";

const PACKAGE = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
/** What the build itself adds to the page begins with NUL and the name of the tool, as in `\0vite/preload-helper.js`. */
const TOOL = /^\0(vite|rolldown)\//;

export function bundled(): Plugin {
  return {
    name: "bundled",
    generateBundle(_options, bundle) {
      const ids = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const names = ids.map((id) => (PACKAGE.exec(id) ?? TOOL.exec(id))?.[1]).filter((name) => name !== undefined);
      const source = `${JSON.stringify([...new Set(names)].sort())}\n`;
      this.emitFile({ type: "asset", fileName: "bundled.json", source });
    },
  };
}
