import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { cost } from "@/api/queries";
import { Notice, Panel, Scroll, Select, Title } from "@/components/ui/parts";
import { phaseName } from "@/shell/names";
import { Loaded } from "@/shell/loaded";
import { money, number, short, useText } from "@/shell/text";

type Line = Schemas["SpendingLine"];
type By = "phase" | "agent" | "model";

type Sum = { name: string; tokens: number; micro: number; unpriced: number; calls: number };

/** Tokens and money, by phase, agent or model. */
export function Cost() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(cost(id));
  const [by, setBy] = useState<By>("phase");
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Cost")} />
      <Loaded of={found}>
        {({ lines, total, estimated }) => {
          const sums = summed(lines, by);
          const most = Math.max(1, ...sums.map((sum) => sum.micro || sum.tokens));
          const known = typeof total.micro_usd === "number";
          return (
            <>
              {estimated ? (
                <Notice>{t("Estimated: no live model was called, so nothing was spent.")}</Notice>
              ) : null}
              <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
                <Figure name={t("Cost")}>
                  {known ? money(total.micro_usd ?? 0) : t("unknown")}
                </Figure>
                <Figure name={t("Calls")}>{number(total.calls)}</Figure>
                <Figure name={t("Input tokens")}>
                  {short(total.input_tokens + total.cache_read_tokens + total.cache_write_tokens)}
                </Figure>
                <Figure name={t("Output tokens")}>{short(total.output_tokens)}</Figure>
              </dl>
              {total.uncertain_calls ? (
                <Notice>
                  {t(
                    "{n, plural, one {# call has} other {# calls have}} no recorded outcome; their upper bound is counted.",
                    {
                      n: total.uncertain_calls,
                    },
                  )}
                </Notice>
              ) : null}
              <label className="flex items-center gap-2 text-sm">
                {t("Group by")}
                <Select
                  className="w-auto py-1"
                  value={by}
                  onChange={({ target }) => setBy(target.value as By)}
                >
                  <option value="phase">{t("Phase")}</option>
                  <option value="agent">{t("Agent")}</option>
                  <option value="model">{t("Model")}</option>
                </Select>
              </label>
              <Panel>
                <Scroll label={t("Cost")}>
                  <table className="w-full min-w-[38rem] border-collapse text-sm">
                    <thead>
                      <tr className="border-b">
                        <th scope="col" className="px-2 py-1 text-start">
                          {heading(by)}
                        </th>
                        <th scope="col" className="px-2 py-1 text-end">
                          {t("Cost")}
                        </th>
                        <th scope="col" className="px-2 py-1 text-end">
                          {t("Tokens")}
                        </th>
                        <th scope="col" className="px-2 py-1 text-end">
                          {t("Calls")}
                        </th>
                        <td className="w-1/3" />
                      </tr>
                    </thead>
                    <tbody>
                      {sums.map((sum) => (
                        <tr key={sum.name} className="border-b">
                          <th scope="row" className="px-2 py-1 text-start font-medium">
                            {by === "phase" ? phaseName(sum.name) : sum.name}
                          </th>
                          <td className="px-2 py-1 text-end tabular-nums">
                            {sum.unpriced ? t("unknown") : money(sum.micro)}
                          </td>
                          <td className="px-2 py-1 text-end tabular-nums">{number(sum.tokens)}</td>
                          <td className="px-2 py-1 text-end tabular-nums">{number(sum.calls)}</td>
                          <td className="px-2 py-1" aria-hidden>
                            <svg
                              viewBox="0 0 100 8"
                              preserveAspectRatio="none"
                              className="h-3 w-full min-w-24"
                            >
                              <rect
                                width={(100 * (sum.micro || sum.tokens)) / most}
                                height="8"
                                rx="1"
                                className="fill-primary"
                              />
                            </svg>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </Scroll>
              </Panel>
            </>
          );
        }}
      </Loaded>
    </div>
  );

  function heading(what: By): string {
    if (what === "phase") return t("Phase");
    return what === "agent" ? t("Agent") : t("Model");
  }
}

function Figure({ name, children }: { name: string; children: string }) {
  return (
    <div className="rounded-lg border bg-surface p-3">
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="text-xl font-semibold tabular-nums">{children}</dd>
    </div>
  );
}

function summed(lines: Line[], by: By): Sum[] {
  const sums = new Map<string, Sum>();
  for (const line of lines) {
    const sum = sums.get(line[by]) ?? {
      name: line[by],
      tokens: 0,
      micro: 0,
      unpriced: 0,
      calls: 0,
    };
    sum.tokens +=
      line.input_tokens + line.output_tokens + line.cache_read_tokens + line.cache_write_tokens;
    sum.micro += line.micro_usd ?? 0;
    sum.unpriced += line.unpriced_calls;
    sum.calls += line.calls;
    sums.set(line[by], sum);
  }
  return [...sums.values()];
}
