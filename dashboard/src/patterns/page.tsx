import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { patterns } from "@/api/queries";
import { Badge, Input, Panel, Title, type Tone } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { Loaded } from "@/shell/loaded";
import { type Say, number, useText } from "@/shell/text";

type Row = Schemas["PatternRow"];

/** The pattern library, with the evidence for each pattern. */
export function Patterns() {
  const t = useText();
  const found = useQuery(patterns);
  const [words, setWords] = useState("");
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Patterns")} />
      <p className="text-sm text-muted">
        {t("Reusable files that crews start from. People's decisions prove or demote them.")}
      </p>
      <Input
        type="search"
        className="max-w-xs"
        aria-label={t("Search the patterns")}
        placeholder={t("Search")}
        value={words}
        onChange={({ target }) => setWords(target.value)}
      />
      <Loaded of={found}>
        {(page) => {
          const fit = page.patterns.filter((row) =>
            [row.name, row.title, row.category, row.description, ...row.tags]
              .join(" ")
              .toLowerCase()
              .includes(words.toLowerCase()),
          );
          return (
            <>
              {fit.length === 0 ? <p className="text-muted">{t("Nothing to show.")}</p> : null}
              <ul className="flex flex-col gap-3">
                {fit.map((row) => (
                  <One key={row.name} row={row} />
                ))}
              </ul>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function One({ row }: { row: Row }) {
  const t = useText();
  const { word, tone } = tier(t, row.tier);
  return (
    <li>
      <Panel className="flex flex-col gap-2">
        <h2 className="flex flex-wrap items-center gap-2 font-medium">
          <Plain text={row.title} />
          <Badge tone={tone}>{word}</Badge>
          <Badge>{row.category}</Badge>
        </h2>
        <p className="written text-sm">
          <Plain text={row.description} />
        </p>
        <p className="text-sm">{evidence(t, row)}</p>
        <details className="text-sm">
          <summary>
            {t("{n, plural, one {# file} other {# files}}", { n: row.files.length })}
          </summary>
          <ul className="mt-1 font-mono text-xs">
            {row.files.map((path) => (
              <li key={path}>
                <Plain text={path} />
              </li>
            ))}
          </ul>
        </details>
        <p className="text-xs text-muted">{[row.name, row.origin, ...row.tags].join(" · ")}</p>
      </Panel>
    </li>
  );
}

function tier(t: Say, name: string): { word: string; tone: Tone } {
  switch (name) {
    case "proven":
      return { word: t("proven"), tone: "good" };
    case "candidate":
      return { word: t("candidate"), tone: "soft" };
    case "withdrawn":
      return { word: t("withdrawn"), tone: "bad" };
    default:
      return { word: t("draft"), tone: "warn" };
  }
}

/** What is known of its uses. */
function evidence(t: Say, row: Row): string {
  if (row.times_used === 0) return t("Not used yet.");
  const used = t("Used {n, plural, one {# time} other {# times}};", { n: row.times_used });
  const decided = row.counted
    ? t("{good} of {n} decisions approved it without changes (at least {low} %).", {
        good: row.succeeded,
        n: row.counted,
        low: number(Math.floor(row.lower_bound * 100)),
      })
    : t("no person has decided on a use yet.");
  return `${used} ${decided}`;
}
