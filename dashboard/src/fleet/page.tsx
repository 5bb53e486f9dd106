import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { projects } from "@/api/queries";
import { Button, buttonLook } from "@/components/ui/button";
import { Badge, Scroll, Select, Title } from "@/components/ui/parts";
import { phaseName } from "@/shell/names";
import { Loaded } from "@/shell/loaded";
import { ago, exact, useText } from "@/shell/text";
import { stateName, stateTone } from "./states";

const STATES = ["running", "waiting", "parked", "done", "failed", "cancelled", "expired"] as const;

/** All engagements that this person may see. */
export function Fleet() {
  const t = useText();
  const search = useSearch({ from: "/app/engagements" });
  const navigate = useNavigate({ from: "/app/engagements" });
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  const found = useQuery(projects(cursors.at(-1)));
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-wrap items-center gap-3">
        <Title text={t("Engagements")} />
        <Link to="/app/new" className={buttonLook("primary", "ms-auto")}>
          {t("New engagement")}
        </Link>
      </div>
      <Loaded of={found}>
        {({ projects: all, next }) => {
          const rows = all
            .filter((row) => !search.state || row.state === search.state)
            .toReversed();
          return (
            <>
              <Select
                aria-label={t("State")}
                className="w-auto self-start"
                value={search.state ?? ""}
                onChange={({ target }) =>
                  void navigate({ search: target.value ? { state: target.value } : {} })
                }
              >
                <option value="">{t("All states ({n})", { n: all.length })}</option>
                {STATES.map((state) => (
                  <option key={state} value={state}>
                    {stateName(t, state)} ({all.filter((row) => row.state === state).length})
                  </option>
                ))}
              </Select>
              {rows.length === 0 ? <p className="text-muted">{t("Nothing to show.")}</p> : null}
              {rows.length ? (
                <Scroll label={t("Engagements")}>
                  <table className="w-full min-w-[38rem] border-collapse text-sm">
                    <thead>
                      <tr className="border-b text-start">
                        {[t("Name"), t("State"), t("Phase"), t("Waiting for"), t("Started")].map(
                          (head) => (
                            <th
                              key={head}
                              scope="col"
                              className="px-2 py-2 text-start font-semibold"
                            >
                              {head}
                            </th>
                          ),
                        )}
                      </tr>
                    </thead>
                    <tbody>
                      {rows.map((row) => (
                        <tr key={row.id} className="border-b">
                          <th scope="row" className="px-2 py-2 text-start font-medium">
                            <Link to="/app/p/$id" params={{ id: row.id }} className="underline">
                              {row.id}
                            </Link>
                            {row.rehearsal ? (
                              <span className="ms-2">
                                <Badge tone="warn">{t("REHEARSAL")}</Badge>
                              </span>
                            ) : null}
                          </th>
                          <td className="px-2 py-2">
                            <Badge tone={stateTone(row.state)}>{stateName(t, row.state)}</Badge>
                          </td>
                          <td className="px-2 py-2">{row.phase ? phaseName(row.phase) : ""}</td>
                          <td className="px-2 py-2">
                            {row.waiting.map((request) => (
                              <Link
                                key={request.id}
                                to="/app/p/$id/review/$request"
                                params={{ id: row.id, request: request.id }}
                                className="block underline"
                              >
                                {[request.answerer, ...request.groups].join(", ")}{" "}
                                <span className="text-muted">{ago(request.opened)}</span>
                              </Link>
                            ))}
                            {row.blocked ? (
                              <span className="text-bad">{row.blocked.slice(0, 160)}</span>
                            ) : null}
                          </td>
                          <td className="px-2 py-2 whitespace-nowrap">
                            <time dateTime={row.created} title={exact(row.created)}>
                              {ago(row.created)}
                            </time>
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                </Scroll>
              ) : null}
              <div className="flex gap-2">
                {cursors.length > 1 ? (
                  <Button onClick={() => setCursors(cursors.slice(0, -1))}>{t("Older")}</Button>
                ) : null}
                {next ? (
                  <Button onClick={() => setCursors([...cursors, next])}>{t("Newer")}</Button>
                ) : null}
              </div>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
