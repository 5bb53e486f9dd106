import { join } from "node:path";
import { type Plugin, defineConfig } from "vite";
import { brotli } from "./vite.config.ts";

/** The page of the frame, which names its script. */
function page(): Plugin {
  return {
    name: "page",
    generateBundle(_options, bundle) {
      const script = Object.keys(bundle).find((name) => name.endsWith(".js"));
      const source = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Diagram</title>
    <style>body { margin: 4px; font-family: sans-serif; } svg { max-width: 100%; height: auto; }</style>
  </head>
  <body>
    <script src="/${script}"></script>
  </body>
</html>
`;
      this.emitFile({ type: "asset", fileName: "frame/diagram.html", source });
    },
  };
}

// One classic script: a page without an origin cannot load modules.
export default defineConfig({
  plugins: [page(), brotli()],
  publicDir: false,
  build: {
    target: "es2022",
    modulePreload: false,
    emptyOutDir: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 10_000,
    rollupOptions: {
      input: join(import.meta.dirname, "src/frame/diagram.ts"),
      output: {
        format: "iife",
        inlineDynamicImports: true,
        entryFileNames: "assets/diagram-[hash].js",
      },
    },
  },
});
