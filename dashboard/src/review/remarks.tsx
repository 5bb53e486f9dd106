import { Link } from "@tanstack/react-router";
import { api, once, read } from "@/api/client";
import type { Request, Schemas } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Badge, Panel } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { type Say, ago, useText } from "@/shell/text";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";

type Remark = Schemas["RemarkRow"];

/** Remarks on the files of a request, and what became of each. Only a person closes one. */
export function Remarks(props: { id: string; request: Request; remarks: Remark[] }) {
  const t = useText();
  const { id, request, remarks } = props;
  const paths = new Set(request.subject.map((one) => one.path));
  const here = remarks.filter((remark) => paths.has(remark.path));
  if (here.length === 0) return null;
  const open = here.filter((remark) => !remark.settled_by);
  return (
    <Panel aria-labelledby="remarks">
      <h2 id="remarks" className="text-lg font-semibold">
        {t("Remarks")}{" "}
        <span className="text-sm font-normal text-muted">
          {t("{open} of {all} open", { open: open.length, all: here.length })}
        </span>
      </h2>
      <ul className="mt-2 flex flex-col divide-y">
        {[...open, ...here.filter((remark) => remark.settled_by)].map((remark) => (
          <One key={remark.id} id={id} remark={remark} />
        ))}
      </ul>
    </Panel>
  );
}

function One({ id, remark }: { id: string; remark: Remark }) {
  const t = useText();
  const { submit, sending, error } = useSubmit(id, `remark.${remark.id}`);
  const close = () =>
    void submit({ close: remark.id }, (key) =>
      read(
        api.POST("/projects/{id}/remarks/{remark}", {
          params: { path: { id, remark: remark.id } },
          headers: once(key),
          body: { close: true },
        }),
      ),
    );
  return (
    <li className="flex flex-col gap-1.5 py-3">
      <p className="flex flex-wrap items-center gap-2 text-sm text-muted">
        <span className="font-medium text-foreground">
          <Plain text={remark.actor} />
        </span>
        <Link
          from="/app/p/$id/review/$request"
          search={(now) => ({ ...now, file: remark.path })}
          className="font-mono underline"
        >
          {remark.path}
        </Link>
        <span>{ago(remark.at)}</span>
        {remark.settled_by ? (
          <Badge tone="good">{t("closed by {who}", { who: remark.settled_by })}</Badge>
        ) : null}
        {remark.outdated && !remark.settled_by ? (
          <Badge>{t("the file has changed since")}</Badge>
        ) : null}
      </p>
      <blockquote className="border-s-2 ps-2 text-sm text-muted">
        <Plain text={remark.quote.slice(0, 300)} />
      </blockquote>
      <p>
        <Plain text={remark.words} />
      </p>
      {remark.answer ? (
        <div className="written rounded-md bg-background p-2 text-sm">
          <Badge tone={remark.answer.outcome === "applied" ? "good" : "warn"}>
            {outcomeWord(t, remark.answer.outcome)}
          </Badge>{" "}
          <span className="text-muted">{remark.answer.by}:</span>{" "}
          <Plain text={remark.answer.words} />
        </div>
      ) : null}
      {remark.settled_by ? null : (
        <Button className="self-start" onClick={close} disabled={sending === "sending"}>
          {t("Close this remark")}
        </Button>
      )}
      <Refusal error={error} />
    </li>
  );
}

function outcomeWord(t: Say, outcome: Schemas["RemarkEnd"]): string {
  switch (outcome) {
    case "applied":
      return t("applied");
    case "kept":
      return t("kept as it was");
    case "answered":
      return t("answered");
  }
}
