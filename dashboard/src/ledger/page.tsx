import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { ledger } from "@/api/queries";
import { Badge, Input, Panel, Select, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { phaseName } from "@/shell/names";
import { Loaded } from "@/shell/loaded";
import { type Say, useText } from "@/shell/text";

type Row = Schemas["LedgerEntry"];

/** Rows that are shown at once. */
const PAGE = 200;

/** What the crew knows, assumes and has decided, with sources. */
export function Ledger() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(ledger(id));
  const [kind, setKind] = useState("");
  const [words, setWords] = useState("");
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Ledger")} />
      <Loaded of={found}>
        {({ rows }) => {
          const kinds = [...new Set(rows.map((row) => row.kind))];
          const fit = rows.filter(
            (row) =>
              (!kind || row.kind === kind) &&
              (!words ||
                `${row.title} ${row.body} ${row.author}`
                  .toLowerCase()
                  .includes(words.toLowerCase())),
          );
          return (
            <>
              <div className="flex flex-wrap gap-2">
                <Select
                  aria-label={t("Kind")}
                  className="w-auto"
                  value={kind}
                  onChange={({ target }) => setKind(target.value)}
                >
                  <option value="">{t("All kinds ({n})", { n: rows.length })}</option>
                  {kinds.map((name) => (
                    <option key={name} value={name}>
                      {kindWord(t, name)} ({rows.filter((row) => row.kind === name).length})
                    </option>
                  ))}
                </Select>
                <Input
                  type="search"
                  className="max-w-xs"
                  aria-label={t("Search the ledger")}
                  placeholder={t("Search")}
                  value={words}
                  onChange={({ target }) => setWords(target.value)}
                />
              </div>
              <ul className="flex flex-col gap-2">
                {fit.slice(0, PAGE).map((row) => (
                  <One key={row.id} row={row} />
                ))}
              </ul>
              {fit.length > PAGE ? (
                <p className="text-muted">
                  {t("{n} more match; search to narrow the list.", { n: fit.length - PAGE })}
                </p>
              ) : null}
              {fit.length === 0 ? <p className="text-muted">{t("Nothing to show.")}</p> : null}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function One({ row }: { row: Row }) {
  const t = useText();
  return (
    <li>
      <Panel className="flex flex-col gap-1 p-3 sm:p-3">
        <p className="flex flex-wrap items-center gap-2">
          <Badge
            tone={row.kind === "blocker" ? "bad" : row.kind === "assumption" ? "warn" : "soft"}
          >
            {kindWord(t, row.kind)}
          </Badge>
          <span className="written font-medium">
            <Plain text={row.title} />
          </span>
        </p>
        {row.body ? (
          <p className="written text-sm">
            <Plain text={row.body} />
          </p>
        ) : null}
        <p className="text-xs text-muted">
          {[row.author, phaseName(row.phase), row.source].filter(Boolean).join(" · ")}
        </p>
      </Panel>
    </li>
  );
}

function kindWord(t: Say, kind: string): string {
  switch (kind) {
    case "fact":
      return t("Fact");
    case "assumption":
      return t("Assumption");
    case "decision":
      return t("Decision");
    case "blocker":
      return t("Blocker");
    case "deliverable":
      return t("Deliverable");
    case "review":
      return t("Agent review");
    case "feedback":
      return t("Customer feedback");
    case "answer":
      return t("Customer answer");
    default:
      return kind;
  }
}
