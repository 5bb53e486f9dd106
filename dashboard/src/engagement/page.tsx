import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { Check, Circle, CircleDot } from "lucide-react";
import type { Project } from "@/api/client";
import { me, project } from "@/api/queries";
import { buttonLook } from "@/components/ui/button";
import { Badge, Notice, Panel, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { asked } from "@/inbox/consequence";
import { useFeed } from "@/live/feed";
import { Loaded } from "@/shell/loaded";
import { type Say, ago, exact, money, short, useText } from "@/shell/text";
import { JournalLog } from "./log";
import { Operations } from "./operations";
import { phaseName } from "@/shell/names";

/** What happens in an engagement now, what has happened, and what comes. */
export function Overview() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(project(id));
  const who = useQuery(me);
  return (
    <Loaded of={found}>
      {(data) => (
        <div className="flex flex-col gap-5">
          <div className="flex flex-col gap-2">
            <Title text={data.id}>{sentence(t, data)}</Title>
            <p className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-muted">
              <Spent project={data} />
              <span>{t("owner: {who}", { who: data.owner })}</span>
              <time dateTime={data.updated} title={exact(data.updated)}>
                {t("last activity {when}", { when: ago(data.updated) })}
              </time>
            </p>
          </div>
          <Waiting project={data} />
          <div className="grid items-start gap-5 lg:grid-cols-[20rem_minmax(0,1fr)]">
            <div className="flex flex-col gap-5">
              <PlanList project={data} />
              {who.data ? <Operations project={data} /> : null}
            </div>
            <div className="flex min-w-0 flex-col gap-5">
              <Speaking />
              <JournalLog id={id} />
            </div>
          </div>
        </div>
      )}
    </Loaded>
  );
}

/** One sentence about what happens now. */
function sentence(t: Say, data: Project): string {
  const phase = data.phase ? phaseName(data.phase) : "";
  switch (data.state) {
    case "running":
      return data.agent
        ? t("{phase}: {agent} is at work", { phase, agent: data.agent })
        : t("{phase}: the crew is at work", { phase });
    case "waiting":
      return t("{phase}: waiting for a person", { phase });
    case "parked":
      return t("{phase}: waiting for a service", { phase });
    case "done":
      return t("All phases are complete");
    case "failed":
      return t("The engagement has failed");
    case "cancelled":
      return t("The engagement was cancelled");
    case "expired":
      return t("A gate was not decided in time");
  }
}

function Spent({ project: { spend } }: { project: Project }) {
  const t = useText();
  const known = typeof spend.micro_usd === "number";
  const spent = known ? money(spend.micro_usd ?? 0) : t("{n} tokens", { n: short(spend.tokens) });
  const limit =
    known && typeof spend.micro_usd_budget === "number"
      ? money(spend.micro_usd_budget)
      : typeof spend.token_budget === "number"
        ? t("{n} tokens", { n: short(spend.token_budget) })
        : undefined;
  return (
    <span>
      {limit ? t("{spent} of {limit} spent", { spent, limit }) : t("{spent} spent", { spent })}
      {spend.estimated ? ` (${t("estimated")})` : ""}
    </span>
  );
}

function Waiting({ project: data }: { project: Project }) {
  const t = useText();
  const lines = [
    data.parked ? t("Waiting for a service: {why}", { why: data.parked }) : "",
    data.parked_until ? t("Next attempt {when}.", { when: ago(data.parked_until) }) : "",
    data.unpushed
      ? t("{n, plural, one {# commit} other {# commits}} not pushed: {why}", {
          n: data.unpushed.commits,
          why: data.unpushed.reason,
        })
      : "",
    data.end && data.end.kind !== "completed" ? data.end.text : "",
    data.end?.key ? t("Setting to change: {key}", { key: data.end.key }) : "",
  ].filter(Boolean);
  return (
    <>
      {lines.length ? (
        <Notice tone={data.end ? "bad" : "warn"}>
          {lines.map((line) => (
            <p key={line}>
              <Plain text={line} />
            </p>
          ))}
        </Notice>
      ) : null}
      {data.waiting.map((request) => (
        <Panel key={request.id} className="flex flex-wrap items-center gap-3 border-primary">
          <p className="me-auto min-w-0 font-medium">
            <Plain text={asked(t, request)} />
          </p>
          <Link
            to="/app/p/$id/review/$request"
            params={{ id: data.id, request: request.id }}
            className={buttonLook("primary")}
          >
            {request.kind === "gate" ? t("Review") : t("Answer")}
          </Link>
        </Panel>
      ))}
    </>
  );
}

/** The phases, in order, with what became of each. */
function PlanList({ project: data }: { project: Project }) {
  const t = useText();
  const isOver = Boolean(data.end);
  return (
    <Panel aria-labelledby="plan">
      <h2 id="plan" className="mb-3 font-semibold">
        {t("Plan")}
      </h2>
      <ol className="flex flex-col">
        {data.phases.map((phase, at) => {
          const isNow = !isOver && phase.phase === data.phase;
          const isDone = phase.approved || (data.state === "done" && phase.revision > 0);
          const visits = phase.visits.length;
          return (
            <li key={phase.phase} className="flex gap-3" aria-current={isNow ? "step" : undefined}>
              <span aria-hidden className="flex flex-col items-center">
                {isDone ? (
                  <Check size={20} className="text-good" />
                ) : isNow ? (
                  <CircleDot size={20} className="text-primary" />
                ) : (
                  <Circle size={20} className="text-control" />
                )}
                {at < data.phases.length - 1 ? <span className="w-px flex-1 bg-border" /> : null}
              </span>
              <div className="pb-4">
                <p className={isNow ? "font-semibold text-primary" : "font-medium"}>
                  {phaseName(phase.phase)}
                  {isDone ? <span className="sr-only"> ({t("approved")})</span> : null}
                </p>
                <p className="text-sm text-muted">
                  <Plain text={phase.description} />
                </p>
                <p className="flex flex-wrap gap-2 text-sm empty:hidden">
                  {phase.revision > 1 ? <Badge>{t("run {n}", { n: phase.revision })}</Badge> : null}
                  {visits ? (
                    <Badge>{t("{n, plural, one {# visit} other {# visits}}", { n: visits })}</Badge>
                  ) : null}
                  {phase.findings.length && isNow ? (
                    <Badge tone="warn">
                      {t("{n, plural, one {# finding} other {# findings}} open", {
                        n: phase.findings.length,
                      })}
                    </Badge>
                  ) : null}
                </p>
              </div>
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}

/** What agents say at this moment. */
function Speaking() {
  const t = useText();
  const { words } = useFeed();
  if (words.size === 0) return null;
  return (
    <Panel aria-labelledby="speaking">
      <h2 id="speaking" className="mb-1 font-semibold">
        {t("Right now")}
      </h2>
      {[...words].map(([who, said]) => (
        <p key={who} className="written text-sm text-muted">
          <strong>{who}</strong>: <Plain text={said.slice(-600)} />
        </p>
      ))}
    </Panel>
  );
}
