import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useId, useRef, useState } from "react";
import { api, once, read } from "@/api/client";
import type { Request, Schemas } from "@/api/client";
import { me } from "@/api/queries";
import { Button, buttonLook } from "@/components/ui/button";
import { Badge, Notice, Panel, Select, TextArea } from "@/components/ui/parts";
import { phaseName } from "@/shell/names";
import { useDraft } from "@/shell/drafts";
import { type Say, useText } from "@/shell/text";
import { Rating } from "@/components/rating";
import { Following, type NewRemark, type Viewed } from "./gate";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";

type Choice = "approve" | "revise";

type Props = {
  id: string;
  request: Request;
  changes: Schemas["Since"] | undefined;
  viewed: Viewed;
  remarks: Schemas["RemarkRow"][];
  drafts: NewRemark[];
  onDrafts: (drafts: NewRemark[]) => void;
  onSent: () => void;
};

const NONE: Record<string, number> = {};

/** Where a person decides. Nothing is chosen beforehand, and nothing decides by itself. */
export function Decision(props: Props) {
  const t = useText();
  const { id, request, drafts, onDrafts, onSent } = props;
  const name = `${id}.${request.phase}`;
  const [words, setWords, dropWords] = useDraft(`${name}.words`, "");
  const [ratings, setRatings, dropRatings] = useDraft(`${name}.ratings`, NONE);
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  const [back, setBack] = useState("");
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const summary = useRef<HTMLDivElement>(null);
  const { submit, sending, error } = useSubmit(id, `decide.${request.id}`);
  const [vote, setVote] = useState<Schemas["Decided"] | undefined>(undefined);
  const box = useId();
  const who = useQuery(me);
  const covers = (draft: NewRemark) =>
    request.subject.some(({ path, oid }) => path === draft.path && oid === draft.oid);
  // Remarks on an older version are shown and not sent.
  const fresh = drafts.filter(covers);
  const form = useRef<HTMLElement>(null);
  const decideButton = useRef<HTMLButtonElement>(null);
  const inView = useInView(form);

  const choose = (next: Choice) => {
    const needsWords = next === "revise" && !words.trim();
    setMissing(needsWords);
    if (needsWords) {
      field.current?.focus();
      return;
    }
    setChoice(next);
    // Not the button: a key that is held down must not decide.
    requestAnimationFrame(() => summary.current?.focus());
  };

  const send = async () => {
    if (!choice) return;
    const given = Object.fromEntries(
      Object.entries(ratings).filter(([rating]) => request.ratings.includes(rating)),
    );
    const shared = { request: request.id, digest: request.digest, ratings: given, remarks: fresh };
    const path = { params: { path: { id } } };
    const to = back ? { to: back } : {};
    const body = { choice, ...shared, words, ...to };
    const reply = await submit(body, (key) =>
      choice === "approve"
        ? read(api.POST("/projects/{id}/approve", { ...path, headers: once(key), body: shared }))
        : read(
            api.POST("/projects/{id}/revise", {
              ...path,
              headers: once(key),
              body: { ...shared, words, ...to },
            }),
          ),
    );
    setChoice(undefined);
    if (!reply) return;
    setVote(reply);
    if (choice === "revise") dropWords();
    dropRatings();
    onSent();
  };

  const hasVoted = who.data && request.voters.includes(who.data.name);
  if ((vote && !vote.decided) || hasVoted) {
    const { have, need } = hasVoted ? request.quorum : (vote?.quorum ?? request.quorum);
    return (
      <Notice tone="good">
        {t("Your approval is recorded: {have} of {need}. Waiting for the others.", { have, need })}
      </Notice>
    );
  }

  return (
    <>
      <Panel ref={form} aria-labelledby={box} className="border-2 border-primary">
        <h2 id={box} className="mb-3 text-lg font-semibold">
          {t("Your decision")}
        </h2>
        {/* No form: a decision is made by a button, never by Enter in a field. */}
        <div className="flex flex-col gap-4">
          <div className="flex flex-wrap gap-x-8 gap-y-3">
            {request.ratings.map((rating) => (
              <Rating
                key={rating}
                name={rating}
                value={ratings[rating]}
                onChange={(value) => setRatings({ ...ratings, [rating]: value })}
              />
            ))}
          </div>
          <label className="flex flex-col gap-1 text-sm font-medium">
            {t("Your feedback to the crew")}
            <TextArea
              ref={field}
              value={words}
              readOnly={sending === "sending"}
              maxLength={60_000}
              aria-invalid={missing}
              aria-describedby={`${box}-help`}
              onChange={(event) => {
                setWords(event.target.value);
                setMissing(false);
              }}
            />
            <span id={`${box}-help`} className={missing ? "text-bad" : "font-normal text-muted"}>
              {missing
                ? t("Say what should change.")
                : t(
                    "Required to request changes. An approval sends only your ratings and remarks.",
                  )}
            </span>
          </label>
          {drafts.length ? (
            <ul className="flex flex-col gap-2 text-sm">
              {drafts.map((draft) => (
                <li
                  key={draft.path + draft.quote + draft.words}
                  className="flex flex-wrap items-center gap-2 rounded-md border p-2"
                >
                  <Badge tone={covers(draft) ? "soft" : "warn"}>
                    {covers(draft)
                      ? t("sent with your decision")
                      : t("on an older version; not sent")}
                  </Badge>
                  <span className="me-auto min-w-0">
                    <span className="font-mono text-xs">{draft.path}</span> {draft.words}
                  </span>
                  <Button
                    look="quiet"
                    onClick={() => onDrafts(drafts.filter((other) => other !== draft))}
                  >
                    {t("Remove")}
                  </Button>
                </li>
              ))}
            </ul>
          ) : null}
          <Refusal error={error} />
          {choice ? (
            <div
              ref={summary}
              tabIndex={-1}
              className="flex flex-col gap-3 rounded-md border bg-background p-3"
            >
              {choice === "revise" && request.revise_to?.length ? (
                <label className="flex flex-col gap-1 text-sm font-medium">
                  {t("Work that runs again")}
                  <Select value={back} onChange={(event) => setBack(event.target.value)}>
                    <option value="">
                      {t("only {phase}", { phase: phaseName(request.phase) })}
                    </option>
                    {request.revise_to.map((phase) => (
                      <option key={phase} value={phase}>
                        {t("everything from {phase} on", { phase: phaseName(phase) })}
                      </option>
                    ))}
                  </Select>
                </label>
              ) : null}
              <Summary choice={choice} back={back} {...props} drafts={fresh} />
              <div className="flex flex-wrap gap-2">
                <Button look="primary" disabled={sending === "sending"} onClick={() => void send()}>
                  {choice === "approve" ? t("Yes, approve") : t("Yes, send it back")}
                </Button>
                <Button onClick={() => setChoice(undefined)}>{t("Back")}</Button>
              </div>
            </div>
          ) : (
            <div className="flex flex-wrap gap-2">
              <Button ref={decideButton} look="primary" onClick={() => choose("approve")}>
                {t("Approve")}
              </Button>
              {request.may_revise ? (
                <Button onClick={() => choose("revise")}>{t("Request changes")}</Button>
              ) : (
                <Badge>{t("changes can no longer be requested")}</Badge>
              )}
              <Link to="/app/p/$id/chat" params={{ id }} className={buttonLook("quiet")}>
                {t("Ask the crew")}
              </Link>
            </div>
          )}
        </div>
      </Panel>
      {inView ? null : (
        <Bar {...props} onDecide={() => (decideButton.current ?? summary.current)?.focus()} />
      )}
    </>
  );
}

/** What is left to look at, while the form is out of sight. */
function Bar({ request, viewed, drafts, onDecide }: Props & { onDecide: () => void }) {
  const t = useText();
  const seen = request.subject.filter(({ path, oid }) => viewed[path] === oid).length;
  return (
    <div className="fixed inset-x-0 bottom-0 z-10 flex flex-wrap items-center gap-3 border-t bg-raised px-4 py-2 shadow-lg md:start-56 md:px-6">
      <span className="text-sm">
        {t("{seen} of {all} viewed", { seen, all: request.subject.length })}
        {drafts.length
          ? ` · ${t("{n, plural, one {# remark} other {# remarks}} to send", { n: drafts.length })}`
          : ""}
      </span>
      <Button look="primary" className="ms-auto" onClick={onDecide}>
        {t("Decide")}
      </Button>
    </div>
  );
}

/** Whether an element is in sight. */
function useInView(target: React.RefObject<HTMLElement | null>): boolean {
  const [inView, setInView] = useState(true);
  useEffect(() => {
    if (!target.current) return;
    const watch = new IntersectionObserver(([entry]) => setInView(entry?.isIntersecting ?? true));
    watch.observe(target.current);
    return () => watch.disconnect();
  }, [target]);
  return inView;
}

/** What exactly is approved or sent back, and what comes next. */
function Summary({
  choice,
  back,
  request,
  changes,
  viewed,
  remarks,
  drafts,
}: Props & { choice: Choice; back: string }) {
  const t = useText();
  const files = request.subject.length;
  const unseen = request.subject.filter(({ path, oid }) => viewed[path] !== oid).length;
  const paths = new Set(request.subject.map((one) => one.path));
  const open = remarks.filter((remark) => paths.has(remark.path) && !remark.settled_by).length;
  const hidden = changes?.files.reduce((sum, file) => sum + file.hidden, 0) ?? 0;
  const digest = request.digest.slice(0, 12);
  const phase = phaseName(request.phase);
  if (choice === "revise" && back) {
    return (
      <p>
        {t(
          "The crew will work on {first} again, then on every phase up to {phase}. You will be asked to approve each of them again.",
          { first: phaseName(back), phase },
        )}
      </p>
    );
  }
  if (choice === "revise") {
    return (
      <p>
        {t(
          "The crew will work on {phase} again, with your feedback and {n, plural, =0 {no remarks} one {# remark} other {# remarks}}.",
          {
            phase,
            n: drafts.length,
          },
        )}
      </p>
    );
  }
  const doubts = doubtful(t, unseen, open, hidden, request.findings.length);
  if (!changes) doubts.push(t("changes could not be computed"));
  else if (changes.cut) doubts.push(t("comparison incomplete"));
  return (
    <div className="flex flex-col gap-2">
      <p>
        {t(
          "You approve run {n} of {phase} (content {digest}): {files, plural, one {# file} other {# files}}.",
          {
            n: request.revision,
            phase,
            digest,
            files,
          },
        )}
      </p>
      {doubts.length ? (
        <ul className="flex flex-wrap gap-2">
          {doubts.map((doubt) => (
            <li key={doubt}>
              <Badge tone="warn">{doubt}</Badge>
            </li>
          ))}
        </ul>
      ) : null}
      <p>
        <Following request={request} />
      </p>
    </div>
  );
}

function doubtful(
  t: Say,
  unseen: number,
  open: number,
  hidden: number,
  findings: number,
): string[] {
  return [
    unseen ? t("{n, plural, one {# file} other {# files}} not viewed", { n: unseen }) : "",
    open ? t("{n, plural, one {# remark} other {# remarks}} open", { n: open }) : "",
    hidden
      ? t("{n, plural, one {# hidden-text warning} other {# hidden-text warnings}}", { n: hidden })
      : "",
    findings ? t("{n, plural, one {# finding} other {# findings}} open", { n: findings }) : "",
  ].filter(Boolean);
}
