import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { costs, trend } from "@/api/queries";
import { Table } from "@/components/table";
import { Panel, Title } from "@/components/ui/parts";
import { Rehearsals } from "@/memory/page";
import { phaseName } from "@/shell/names";
import { Loaded } from "@/shell/loaded";
import { money, number, short, useText } from "@/shell/text";
import { Months } from "./months";

type Share = Schemas["Share"];
type Mean = Schemas["Mean"];

/** Figures of all engagements that have ended, each with the number behind it. */
export function Analytics() {
  const t = useText();
  const [rehearsals, setRehearsals] = useState(false);
  const months = useQuery(trend(rehearsals));
  const lines = useQuery(costs(rehearsals));
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center gap-4">
        <Title text={t("Analytics")} />
        <Rehearsals value={rehearsals} onChange={setRehearsals} />
      </div>
      <Panel className="flex flex-col gap-3">
        <h2 className="font-semibold">{t("By month")}</h2>
        <Loaded of={months}>
          {({ rows }) =>
            rows.length ? (
              <>
                <Months rows={rows} />
                <ByMonth rows={rows} />
              </>
            ) : (
              <p className="text-muted">{t("No engagement has ended yet.")}</p>
            )
          }
        </Loaded>
      </Panel>
      <Panel className="flex flex-col gap-3">
        <h2 className="font-semibold">{t("Cost")}</h2>
        <Loaded of={lines}>
          {(found) =>
            found.lines.length ? (
              <ByLine lines={found.lines} />
            ) : (
              <p className="text-muted">{t("No engagement has ended yet.")}</p>
            )
          }
        </Loaded>
      </Panel>
      <p className="text-sm text-muted">
        {t("n is the number of values behind a figure. Ranges are 95 % confidence intervals.")}
      </p>
    </div>
  );
}

function ByMonth({ rows }: { rows: Schemas["TrendRow"][] }) {
  const t = useText();
  return (
    <Table
      label={t("By month")}
      columns={[
        { name: t("Month") },
        { name: t("Workflow") },
        { name: t("Completed"), end: true },
        { name: t("Approved without changes"), end: true },
        { name: t("Cost per engagement"), end: true },
        { name: t("Active hours"), end: true },
        { name: t("Waiting hours"), end: true },
        { name: t("Ratings"), end: true },
      ]}
      rows={rows.map((row) => ({
        key: `${row.month} ${row.workflow}`,
        cells: [
          row.month,
          row.workflow,
          share(row.completed),
          share(row.first_time),
          mean(row.usd, (usd) => money(usd * 1_000_000)),
          mean(row.working_hours, hours),
          mean(row.waiting_hours, hours),
          Object.entries({ ...row.ratings, ...row.survey })
            .map(([name, value]) => `${phaseName(name)} ${mean(value, hours)}`)
            .join(", ") || "–",
        ],
      }))}
    />
  );
}

function ByLine({ lines }: { lines: Schemas["CostOf"][] }) {
  const t = useText();
  return (
    <Table
      label={t("Cost")}
      columns={[
        { name: t("Phase") },
        { name: t("Workflow") },
        { name: t("Agent") },
        { name: t("Model") },
        { name: t("Cost"), end: true },
        { name: t("Tokens"), end: true },
        { name: t("Calls"), end: true },
        { name: t("Approved without changes"), end: true },
      ]}
      rows={lines
        .toSorted((a, b) => b.micro_usd - a.micro_usd || b.tokens - a.tokens)
        .map((line) => ({
          key: [line.workflow, line.phase, line.agent, line.model].join(" "),
          cells: [
            phaseName(line.phase),
            line.workflow,
            line.agent,
            line.model,
            line.unpriced_calls ? t("unknown") : money(line.micro_usd),
            short(line.tokens),
            number(line.calls),
            share(line.first_time),
          ],
        }))}
    />
  );
}

const hours = (value: number): string => number(Math.round(value * 10) / 10);

/** `4 / 5 (38–96 %)`. */
function share({ count, of, low, high }: Share): string {
  if (of === 0) return "–";
  const percent = (bound: number) => number(Math.round(bound * 100));
  return `${number(count)} / ${number(of)} (${percent(low)}–${percent(high)} %)`;
}

function mean(value: Mean | null | undefined, words: (mean: number) => string): string {
  return value ? `${words(value.mean)} (n=${number(value.of)})` : "–";
}
