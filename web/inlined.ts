/** A Vite plugin that makes one HTML file of a page: script, style and icon inside, a policy that allows these alone, and the notices. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin, Rollup } from "vite";

/** `icon` is an SVG file, `notices` the licence texts of all that is bundled. */
export function inlined({ icon, notices }: { icon: string; notices: string }): Plugin {
  return {
    name: "inlined",
    enforce: "post",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle);
      const page = files.find((file): file is Rollup.OutputAsset => file.fileName.endsWith(".html"));
      const scripts = files.filter((file): file is Rollup.OutputChunk => file.type === "chunk");
      const styles = files.filter((file): file is Rollup.OutputAsset => file.fileName.endsWith(".css"));
      if (!page || scripts.length !== 1) this.error(`expected one page with one script, got ${scripts.length} scripts`);
      const script = scripts[0].code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
      const style = styles.map(({ source }) => String(source)).join("\n");
      const address = `data:image/svg+xml;base64,${readFileSync(icon).toString("base64")}`;
      const head = [`<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}" />`, `<link rel="icon" href="${address}" />`, `<style>${style}</style>`];
      const comment = readFileSync(notices, "utf8").replaceAll("--", "- -");
      page.source = String(page.source)
        .replace(/\s*<(?:script type="module"|link rel="stylesheet")[^>]*>(?:<\/script>)?/g, "")
        .replace("<title>", () => `${head.join("\n    ")}\n    <title>`)
        .replace("</body>", () => `<script type="module">${script}</script>\n  </body>`)
        .replace("</html>", () => `</html>\n<!--\n${comment}-->`);
      for (const file of files) if (file !== page) delete bundle[file.fileName];
    },
  };
}

/** Nothing may be fetched, and nothing run but this script. */
function policy(script: string, style: string): string {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data: blob:; base-uri 'none'; form-action 'none'`;
}
