/** The page that is shared as one file: everything inlined, for `pellucid.studio.sharing` to write a network into. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

import { inlined } from "./inlined";

export default defineConfig({
  plugins: [svelte(), inlined({ icon: "src/theme/icon.svg", notices: "../licenses/page.txt" })],
  base: "./",
  publicDir: false,
  build: {
    outDir: "../src/pellucid/studio/page",
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 1 << 20,
    cssCodeSplit: false,
    modulePreload: false,
    rolldownOptions: { input: "offline.html", output: { codeSplitting: false } },
  },
});
