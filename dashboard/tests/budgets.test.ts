import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const DIST = join(import.meta.dirname, "../dist");
const KIB = 1024;

/** Bytes of a file as a browser gets it. */
function sent(path: string): number {
  try {
    return statSync(join(DIST, `${path}.br`)).size;
  } catch {
    return statSync(join(DIST, path)).size;
  }
}

const assets = readdirSync(join(DIST, "assets")).filter((name) => !name.endsWith(".br"));

/** A script and all that it imports at once. */
function closure(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = readFileSync(join(DIST, "assets", name), "utf8");
  // `import"./x.js"` and `from"./x.js"`, not `import("./x.js")`.
  for (const match of code.matchAll(/(?:from|import)\s*["']\.\/([\w-]+\.js)["']/g)) {
    closure(match[1] ?? "", found);
  }
  return found;
}

describe("what a browser loads", () => {
  const index = readFileSync(join(DIST, "index.html"), "utf8");
  const entry = /src="\/assets\/([^"]+)"/.exec(index)?.[1] ?? "";
  const first = closure(entry);
  const sum = (names: Iterable<string>) =>
    [...names].reduce((all, name) => all + sent(`assets/${name}`), 0);

  it("first is at most 175 KiB of script and 12 of style, in a few files", () => {
    const language = assets.find((name) => name.startsWith("en-")) ?? "";
    expect(sum([...first, language]) / KIB).toBeLessThan(175);
    expect(sum(assets.filter((name) => name.endsWith(".css"))) / KIB).toBeLessThan(12);
    expect(first.size).toBeLessThan(5);
    expect(index).not.toMatch(/<style|onload=|javascript:/);
  });

  it("later is at most 60 KiB for each page", () => {
    for (const page of assets.filter((name) => /^(page|frame|palette)-/.test(name))) {
      const more = [...closure(page)].filter((name) => !first.has(name));
      expect(sum(more) / KIB, page).toBeLessThan(60);
    }
  });

  it("is at most 3 MiB in all", () => {
    expect(sum(assets) / KIB / KIB).toBeLessThan(3);
  });
});
