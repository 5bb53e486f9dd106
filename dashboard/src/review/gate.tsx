import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Request, Schemas } from "@/api/client";
import { type Since, changes as changesQuery, remarks as remarksQuery } from "@/api/queries";
import { Badge, Panel, Select, Title } from "@/components/ui/parts";
import { consequence, quorum } from "@/inbox/consequence";
import { Loaded } from "@/shell/loaded";
import { useDraft } from "@/shell/drafts";
import { usePreferences } from "@/shell/preferences";
import { ago, exact, money, short, useText } from "@/shell/text";
import { phaseName } from "@/shell/names";
import { Changes } from "./changes";
import { Decided, isOpen } from "./decided";
import { Decision } from "./decision";
import { Document } from "./document";
import { Files } from "./files";
import { Remarks } from "./remarks";

export type NewRemark = Schemas["NewRemark"];

/** The files that a person has looked at, by path: the object id of the version. */
export type Viewed = Record<string, string>;

/** A phase that waits for approval: what changed, the files as they read, and the decision. */
export function Gate({ id, request }: { id: string; request: Request }) {
  const t = useText();
  const search = useSearch({ from: "/app/p/$id/review/$request" });
  const navigate = useNavigate({ from: "/app/p/$id/review/$request" });
  const changes = useQuery(changesQuery(id, request.id, request.digest, search.since));
  const remarks = useQuery(remarksQuery(id));
  const [viewed, setViewed] = useDraft<Viewed>(`${id}.viewed`, {});
  const [drafts, setDrafts, dropDrafts] = useDraft<NewRemark[]>(
    `${id}.${request.phase}.remarks`,
    [],
  );
  const open = isOpen(request);
  const reading = useRef<HTMLDivElement>(null);
  const path = search.file ?? request.subject[0]?.path;
  const subject = request.subject.find((one) => one.path === path);
  const file: Schemas["FileChange"] | undefined =
    changes.data?.files.find((one) => one.path === path) ??
    (subject && changes.isError ? unread(subject) : undefined);
  const toggle = (one: { path: string; oid?: string | null }) => {
    const next = { ...viewed };
    if (next[one.path] === one.oid) delete next[one.path];
    else if (one.oid) next[one.path] = one.oid;
    setViewed(next);
  };
  useKeys(reading, () => (file ? toggle(file) : undefined));
  const phase = phaseName(request.phase);

  return (
    <div className="flex flex-col gap-5">
      <header className="flex flex-col gap-2">
        <Title text={open ? t("Approve {phase}?", { phase }) : phase} />
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
          <span>{t("run {n} of this phase", { n: request.revision })}</span>
          <time dateTime={request.opened} title={exact(request.opened)}>
            {t("asked {when}", { when: ago(request.opened) })}
          </time>
          <span className="font-mono text-xs" title={request.digest}>
            {t("content {digest}", { digest: request.digest.slice(0, 12) })}
          </span>
        </p>
        <div className="flex flex-wrap gap-2 empty:hidden">
          {[open ? consequence(t, request) : undefined].filter(Boolean).map((due) => (
            <Badge key={due} tone="warn">
              {due}
            </Badge>
          ))}
          {[quorum(t, request)].filter(Boolean).map((have) => (
            <Badge key={have} tone="soft">
              {have}
              {request.voters.length ? ` (${request.voters.join(", ")})` : ""}
            </Badge>
          ))}
          {request.groups.length ? (
            <Badge>{t("who decides: {groups}", { groups: request.groups.join(", ") })}</Badge>
          ) : null}
          {request.unpushed ? (
            <Badge tone="warn">
              {t("{n, plural, one {# commit} other {# commits}} not pushed", {
                n: request.unpushed.commits,
              })}
            </Badge>
          ) : null}
        </div>
        <Decided id={id} request={request} />
      </header>

      <Panel aria-labelledby="changed">
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <h2 id="changed" className="text-lg font-semibold">
            {t("What changed")}
          </h2>
          <label className="flex flex-wrap items-center gap-2 text-sm sm:ms-auto">
            {t("since")}
            <Select
              className="w-auto py-1"
              value={search.since ?? changes.data?.against ?? ""}
              onChange={({ target }) =>
                void navigate({ search: (now) => ({ ...now, since: target.value as Since }) })
              }
            >
              {changes.data ? null : <option value="">…</option>}
              <option value="mine">{t("my last decision")}</option>
              <option value="approved">{t("the last approval")}</option>
              <option value="base">{t("the start of the engagement")}</option>
            </Select>
          </label>
        </div>
        <Loaded of={changes}>
          {(data) => <Changes id={id} request={request} changes={data} />}
        </Loaded>
      </Panel>

      <div className="grid items-start gap-5 lg:grid-cols-[18rem_minmax(0,1fr)]">
        <Files
          request={request}
          changes={changes.data}
          viewed={viewed}
          chosen={path}
          onToggle={toggle}
        />
        <div ref={reading} className="min-w-0">
          {file ? (
            <Document
              key={`${file.path} ${file.oid ?? ""} ${file.from ?? ""}`}
              id={id}
              file={file}
              viewed={file.oid !== undefined && viewed[file.path] === file.oid}
              onViewed={() => toggle(file)}
              drafts={drafts}
              onDrafts={open ? setDrafts : undefined}
            />
          ) : null}
        </div>
      </div>

      <Loaded of={remarks}>
        {(data) => <Remarks id={id} remarks={data.remarks} request={request} />}
      </Loaded>

      {open ? (
        <Decision
          id={id}
          request={request}
          changes={changes.data}
          viewed={viewed}
          remarks={remarks.data?.remarks ?? []}
          drafts={drafts}
          onDrafts={setDrafts}
          onSent={dropDrafts}
        />
      ) : (
        <Link to="/app/p/$id" params={{ id }} className="underline">
          {t("Back to the engagement")}
        </Link>
      )}
    </div>
  );
}

/** A file whose changes could not be computed: it is shown as it is. */
const unread = ({ path, oid }: Schemas["Subject"]): Schemas["FileChange"] => ({
  path,
  oid,
  change: "same",
  text: true,
  added: 0,
  removed: 0,
  hidden: 0,
  sections: [],
});

/** What follows an approval, and what it is expected to cost. */
export function Following({ request }: { request: Request }) {
  const t = useText();
  const { forecast, next } = request;
  if (!next) return null;
  if (!forecast) return t("After that, the engagement is complete.");
  const phase = phaseName(forecast.phase);
  const { micro_usd_low: low, micro_usd_high: high } = forecast;
  const cost =
    typeof low === "number" && typeof high === "number"
      ? `${money(low)}–${money(high)}`
      : t("{low}–{high} tokens, price unknown", {
          low: short(forecast.tokens_low),
          high: short(forecast.tokens_high),
        });
  return t("After that: {phase}. Expected cost: {cost}.", { phase, cost });
}

/** `n` and `p` go through the changes, `v` marks the file as viewed. */
function useKeys(reading: React.RefObject<HTMLDivElement | null>, view: () => void) {
  const { keys } = usePreferences();
  useEffect(() => {
    if (!keys) return;
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (target.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
      if (event.key === "v") view();
      const move = { n: 1, p: -1 }[event.key];
      if (!move) return;
      const changed = [...(reading.current?.querySelectorAll<HTMLElement>("[data-change]") ?? [])];
      const at = changed.indexOf(document.activeElement as HTMLElement);
      const goal = changed[at < 0 && move < 0 ? changed.length - 1 : at + move];
      goal?.focus();
      goal?.scrollIntoView({ block: "center" });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [keys, reading, view]);
}
