/** One page, built into the Python package; nothing is inlined, so that the page's Content-Security-Policy needs no exception. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

import { bundled } from "./bundled";

export default defineConfig({
  plugins: [svelte(), bundled()],
  base: "./",
  publicDir: false,
  build: {
    outDir: "../src/pellucid/studio/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { include: ["tests/**/*.test.ts"] },
});
