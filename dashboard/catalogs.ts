import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import type { Plugin } from "vite";

const SOURCE = join(import.meta.dirname, "src");
/** A text may be several literals, joined by `+`. */
const LITERAL = /"(?:[^"\\]|\\.)*"/g;
const CALL = /\bt\(\s*("(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*)/g;
const PREFIX = "virtual:messages/";

/** The texts of the pages in a language, by their English words. */
export function catalog(language: string): Record<string, string> {
  if (language === "en") return Object.fromEntries(used().map((text) => [text, text]));
  const path = join(SOURCE, "locales", `${language}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
}

/** Every text that the pages show: the first argument of `t`. */
export function used(): string[] {
  const texts = new Set<string>();
  for (const file of filesBelow(SOURCE)) {
    if (!/\.tsx?$/.test(file) || file.endsWith(".test.ts")) continue;
    for (const call of readFileSync(file, "utf8").matchAll(CALL)) {
      const parts = (call[1] ?? "").match(LITERAL) ?? [];
      texts.add(parts.map((part) => JSON.parse(part) as string).join(""));
    }
  }
  return [...texts].toSorted();
}

/** Compiles the texts when the dashboard is built, so that pages need no parser for them. */
export function catalogs(): Plugin {
  return {
    name: "catalogs",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const texts = Object.entries(catalog(id.slice(PREFIX.length + 1)));
      const compiled = texts.map(([english, text]) => [english, compileMessage(text)]);
      return `export const messages = ${JSON.stringify(Object.fromEntries(compiled))};`;
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}
