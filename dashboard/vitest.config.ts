import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { catalogs } from "./catalogs.ts";

export default defineConfig({
  plugins: [catalogs()],
  resolve: { alias: { "@": join(import.meta.dirname, "src") } },
  test: {
    // Each file has a service and a browser of its own, and machines have few cores.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
