/** The widget of notebooks: one module without imports, its styles inside, which the kernel sends to the notebook. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

/** Leaves the one module, and writes the notices of all that is bundled below it. */
function alone(notices: string): Plugin {
  return {
    name: "alone",
    enforce: "post",
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") file.code += `/*\n${readFileSync(notices, "utf8").replaceAll("*/", "* /")}*/\n`;
        else delete bundle[file.fileName];
      }
    },
  };
}

export default defineConfig({
  // Each component puts its style into the shadow root that it is in.
  plugins: [svelte({ emitCss: false, compilerOptions: { css: "injected" } }), alone("../licenses/page.txt")],
  publicDir: false,
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: "../src/pellucid/studio/page",
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 1 << 20,
    modulePreload: false,
    lib: { entry: "src/widget/main.ts", formats: ["es"], fileName: () => "widget.js" },
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
});
