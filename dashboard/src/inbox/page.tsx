import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CircleHelp, Coins, FileCheck2, TriangleAlert } from "lucide-react";
import { useEffect, useRef } from "react";
import type { OpenRequest, Schemas } from "@/api/client";
import { changes, inbox, projects } from "@/api/queries";
import { buttonLook } from "@/components/ui/button";
import { Badge, Input, Panel, Select, Title } from "@/components/ui/parts";
import { phaseName } from "@/shell/names";
import { Plain } from "@/content/plain";
import { stateName } from "@/fleet/states";
import { Loaded } from "@/shell/loaded";
import { usePreferences } from "@/shell/preferences";
import { ago, exact, useText } from "@/shell/text";
import { asked, consequence, kindName, quorum } from "./consequence";

type Row = Schemas["InboxRow"];

/** Rows whose changes are measured: each asks the service to compare files. */
const MEASURED = 12;

/** Everything that waits for this person, in one list. */
export function Inbox() {
  const t = useText();
  const waiting = useQuery(inbox);
  const search = useSearch({ from: "/app/inbox" });
  const navigate = useNavigate({ from: "/app/inbox" });
  const list = useRef<HTMLUListElement>(null);
  useKeys(list);

  return (
    <div className="flex flex-col gap-5">
      <Title text={t("Inbox")} />
      <Loaded of={waiting}>
        {({ requests, next }) => {
          const found = requests.filter(
            (row) =>
              (!search.kind || row.kind === search.kind) &&
              (!search.q || `${row.text} ${row.project}`.toLowerCase().includes(search.q)),
          );
          return (
            <>
              {requests.length > 4 ? (
                <div className="flex flex-wrap gap-2">
                  <Input
                    type="search"
                    aria-label={t("Search the inbox")}
                    placeholder={t("Search")}
                    className="max-w-xs"
                    defaultValue={search.q ?? ""}
                    onChange={({ target }) =>
                      void navigate({
                        search: (now) => ({ ...now, q: target.value.toLowerCase() }),
                        replace: true,
                      })
                    }
                  />
                  <Select
                    aria-label={t("Kind")}
                    className="w-auto"
                    value={search.kind ?? ""}
                    onChange={({ target }) =>
                      void navigate({ search: (now) => ({ ...now, kind: target.value }) })
                    }
                  >
                    <option value="">{t("All kinds ({n})", { n: requests.length })}</option>
                    {(["gate", "question", "budget", "effect"] as const).map((kind) => (
                      <option key={kind} value={kind}>
                        {kindName(t, kind)} ({requests.filter((row) => row.kind === kind).length})
                      </option>
                    ))}
                  </Select>
                </div>
              ) : null}
              {found.length === 0 ? (
                <Nothing filtered={requests.length > 0} />
              ) : (
                <ul ref={list} className="flex flex-col gap-3">
                  {found.map((row, at) => (
                    <li key={`${row.project} ${row.id}`}>
                      <Waiting row={row} measured={at < MEASURED} />
                    </li>
                  ))}
                </ul>
              )}
              {next ? (
                <p className="text-muted">{t("There are more requests than are shown here.")}</p>
              ) : null}
            </>
          );
        }}
      </Loaded>
      <Surveys />
    </div>
  );
}

/** Engagements that have ended and whose survey nobody has answered. */
function Surveys() {
  const t = useText();
  const { data } = useQuery(projects());
  const ended = (data?.projects ?? []).filter((row) => row.asks_survey);
  if (ended.length === 0) return null;
  return (
    <Panel className="flex flex-col gap-2">
      <h2 className="font-medium">{t("How did it go?")}</h2>
      <ul className="flex flex-col gap-1 text-sm">
        {ended.map(({ id }) => (
          <li key={id}>
            <Link to="/app/p/$id/survey" params={{ id }} className="underline">
              {t("Answer the survey of {id}", { id })}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Icon({ kind }: { kind: OpenRequest["kind"] }) {
  const Chosen = { gate: FileCheck2, question: CircleHelp, budget: Coins, effect: TriangleAlert };
  const Found = Chosen[kind];
  return <Found aria-hidden size={20} className="mt-0.5 shrink-0 text-primary" />;
}

function Waiting({ row, measured }: { row: Row; measured: boolean }) {
  const t = useText();
  const due = consequence(t, row);
  const others = quorum(t, row);
  return (
    <Panel className="relative flex gap-3 p-4 hover:border-control">
      <Icon kind={row.kind} />
      <div className="flex min-w-0 flex-1 flex-col gap-1.5">
        <h2 className="font-medium">
          <Link
            to="/app/p/$id/review/$request"
            params={{ id: row.project, request: row.id }}
            className="after:absolute after:inset-0"
            data-row
          >
            <Plain text={asked(t, row)} />
          </Link>
        </h2>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span className="font-medium text-foreground">{row.project}</span>
          <span>{kindName(t, row.kind)}</span>
          <time dateTime={row.opened} title={exact(row.opened)}>
            {t("asked {when}", { when: ago(row.opened) })}
          </time>
          {row.kind === "gate" && measured ? <Size row={row} /> : null}
        </p>
        <div className="flex flex-wrap gap-2 empty:hidden">
          {row.rehearsal ? <Badge tone="warn">{t("REHEARSAL")}</Badge> : null}
          {due ? <Badge tone="warn">{due}</Badge> : null}
          {others ? <Badge tone="soft">{others}</Badge> : null}
          {row.groups.length ? (
            <Badge>{t("who decides: {groups}", { groups: row.groups.join(", ") })}</Badge>
          ) : null}
          {row.optional ? <Badge>{t("optional")}</Badge> : null}
        </div>
      </div>
    </Panel>
  );
}

/** How much there is to read. */
function Size({ row }: { row: Row }) {
  const t = useText();
  const { data } = useQuery(changes(row.project, row.id, row.digest));
  if (!data) return null;
  const changed = data.files.filter((file) => file.change !== "same");
  const sum = (pick: "added" | "removed") => changed.reduce((all, file) => all + file[pick], 0);
  return (
    <span>
      {t("{n, plural, one {# file} other {# files}} changed", { n: changed.length })}{" "}
      <span className="text-good">+{sum("added")}</span>{" "}
      <span className="text-bad">−{sum("removed")}</span>
    </span>
  );
}

/** Nothing waits: what runs, then. */
function Nothing({ filtered }: { filtered: boolean }) {
  const t = useText();
  const { data } = useQuery(projects());
  const running = (data?.projects ?? []).filter(({ state }) =>
    ["running", "parked", "waiting"].includes(state),
  );
  if (filtered) return <p className="text-muted">{t("No requests match this filter.")}</p>;
  return (
    <Panel className="flex flex-col items-start gap-3">
      <p>{t("Nothing is waiting for you.")}</p>
      {running.length ? (
        <ul className="flex flex-col gap-1 text-sm">
          {running.slice(0, 8).map((row) => (
            <li key={row.id}>
              <Link to="/app/p/$id" params={{ id: row.id }} className="underline">
                {row.id}
              </Link>{" "}
              <span className="text-muted">
                {[row.phase && phaseName(row.phase), stateName(t, row.state)]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      ) : (
        <Link to="/app/new" className={buttonLook("primary")}>
          {t("Start an engagement")}
        </Link>
      )}
    </Panel>
  );
}

/** `j` and `k` go through the rows; Enter opens one, because each is a link. */
function useKeys(list: React.RefObject<HTMLUListElement | null>) {
  const { keys } = usePreferences();
  useEffect(() => {
    if (!keys) return;
    const onKey = (event: KeyboardEvent) => {
      const move = { j: 1, k: -1 }[event.key];
      const target = event.target as HTMLElement;
      if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest("input, textarea, select, [contenteditable]")) return;
      const rows = [...(list.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
      const at = rows.indexOf(document.activeElement as HTMLElement);
      rows[Math.max(0, Math.min(rows.length - 1, at + move))]?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [keys, list]);
}
