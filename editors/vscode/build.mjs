// Bundles the extension, and the page that draws the plan.
import { build } from "esbuild";

const shared = { bundle: true, minify: true, legalComments: "none", logLevel: "warning" };
await build({
  ...shared,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
});
await build({
  ...shared,
  entryPoints: ["src/page.ts"],
  outfile: "dist/page.js",
  platform: "browser",
  target: "es2022",
  format: "iife",
});
