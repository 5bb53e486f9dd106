import { useQuery } from "@tanstack/react-query";
import type { HighlighterCore, LanguageRegistration } from "shiki/core";

/** A piece of a line in one colour. */
export type Token = { text: string; light: string; dark: string };

/** Longest text that is coloured, in characters. */
const LONGEST = 200_000;

/** Grammars, each loaded when a file of its kind is shown first. */
const GRAMMARS: Record<string, () => Promise<{ default: LanguageRegistration[] }>> = {
  hcl: () => import("shiki/langs/hcl.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  bash: () => import("shiki/langs/bash.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  java: () => import("shiki/langs/java.mjs"),
};

const ENDINGS: Record<string, string> = {
  tf: "hcl",
  tfvars: "hcl",
  hcl: "hcl",
  terraform: "hcl",
  py: "python",
  python: "python",
  sql: "sql",
  json: "json",
  yaml: "yaml",
  yml: "yaml",
  ts: "typescript",
  tsx: "typescript",
  js: "typescript",
  typescript: "typescript",
  javascript: "typescript",
  sh: "bash",
  bash: "bash",
  shell: "bash",
  toml: "toml",
  dockerfile: "docker",
  rs: "rust",
  rust: "rust",
  go: "go",
  java: "java",
};

let core: Promise<HighlighterCore> | undefined;

async function highlighter(language: string): Promise<HighlighterCore | undefined> {
  const grammar = GRAMMARS[language];
  if (!grammar) return undefined;
  core ??= (async () => {
    const [{ createHighlighterCore }, { createJavaScriptRegexEngine }, light, dark] =
      await Promise.all([
        import("shiki/core"),
        import("shiki/engine/javascript"),
        import("shiki/themes/github-light-high-contrast.mjs"),
        import("shiki/themes/github-dark-high-contrast.mjs"),
      ]);
    const engine = createJavaScriptRegexEngine({ forgiving: true });
    return createHighlighterCore({ themes: [light.default, dark.default], langs: [], engine });
  })();
  const made = await core;
  if (!made.getLoadedLanguages().includes(language)) await made.loadLanguage(grammar());
  return made;
}

/** The lines of a text in colours; nothing while they are not known, or for other languages. */
export function useColours(kind: string, text: string): Token[][] | undefined {
  const language = ENDINGS[kind.toLowerCase()];
  const found = useQuery({
    queryKey: ["colours", language, text],
    enabled: language !== undefined && text.length <= LONGEST,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    queryFn: async (): Promise<Token[][] | null> => {
      const made = language && (await highlighter(language));
      if (!made) return null;
      const lines = made.codeToTokensWithThemes(text, {
        lang: language,
        themes: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
      });
      return lines.map((line) =>
        line.map(({ content, variants }) => ({
          text: content,
          light: variants["light"]?.color ?? "",
          dark: variants["dark"]?.color ?? "",
        })),
      );
    },
  });
  return found.data ?? undefined;
}

/** What a file is, by its name: `tf`, `dockerfile`. */
export const kindOf = (path: string): string =>
  (path.split("/").at(-1) ?? "").split(".").at(-1) ?? "";
