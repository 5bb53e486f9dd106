import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { type Plugin, defineConfig } from "vite";
import { catalogs } from "./catalogs.ts";

/** Compresses each text file once, so that the program need not. */
export function brotli(): Plugin {
  return {
    name: "brotli",
    apply: "build",
    closeBundle() {
      for (const file of filesBelow("dist")) {
        const bytes = readFileSync(file);
        if (bytes.length < 1024 || !/\.(js|css|svg|html|json)$/.test(file)) continue;
        const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

const EVERYWHERE =
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|@tanstack\/(react-router|router-core|react-store|store|history|react-query|query-core))\//;

export default defineConfig({
  plugins: [react(), catalogs(), tailwind(), brotli()],
  resolve: { alias: { "@": join(import.meta.dirname, "src") } },
  build: {
    target: "es2022",
    // Trusted Types forbid what the polyfill does, and all browsers of this target preload modules.
    modulePreload: { polyfill: false },
    // Nothing is embedded in a page as `data:`, which its policy forbids.
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // What every page needs comes in one file, rather than in crumbs.
        codeSplitting: { groups: [{ name: "libraries", test: EVERYWHERE }] },
      },
    },
  },
});
