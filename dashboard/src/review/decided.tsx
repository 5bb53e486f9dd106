import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Request } from "@/api/client";
import { requests } from "@/api/queries";
import { buttonLook } from "@/components/ui/button";
import { Notice } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { asked } from "@/inbox/consequence";
import { phaseName } from "@/shell/names";
import { exact, useText } from "@/shell/text";
import { Leftover } from "./leftover";

/** What became of a request; nothing while it is open. */
export function Decided({ id, request }: { id: string; request: Request }) {
  const t = useText();
  const { answer } = request;
  if (answer) {
    const who = answer.actor;
    const when = answer.at ? exact(answer.at) : "";
    return (
      <div className="flex flex-col gap-2">
        <Notice tone={answer.decision === "revised" ? "warn" : "good"}>
          {answer.decision === "approved"
            ? t("{who} approved this on {when}.", { who, when })
            : answer.decision === "revised"
              ? answer.to
                ? t("{who} returned the work to {phase} on {when}.", {
                    who,
                    phase: phaseName(answer.to),
                    when,
                  })
                : t("{who} requested changes on {when}.", { who, when })
              : t("{who} answered on {when}.", { who, when })}
          {answer.words ? (
            <p className="mt-1 text-foreground">
              <Plain text={answer.words} />
            </p>
          ) : null}
        </Notice>
        <Next id={id} request={request} />
        <Leftover id={id} phase={request.phase} request={request.id} />
      </div>
    );
  }
  if (request.expired) {
    return <Notice tone="bad">{t("The deadline passed before anyone decided.")}</Notice>;
  }
  if (request.superseded) {
    return (
      <div className="flex flex-col gap-2">
        <Notice>{t("The files have changed since; another request replaced this one.")}</Notice>
        <Next id={id} request={request} />
      </div>
    );
  }
  return null;
}

export const isOpen = (request: Request): boolean =>
  !request.answer && !request.expired && !request.superseded;

/** What waits in the same engagement now. */
function Next({ id, request }: { id: string; request: Request }) {
  const t = useText();
  const { data } = useQuery(requests(id));
  const open = data?.requests.find((other) => other.id !== request.id && isOpen(other));
  if (!open) return null;
  return (
    <Link
      to="/app/p/$id/review/$request"
      params={{ id, request: open.id }}
      className={buttonLook("outline", "self-start")}
    >
      {t("Next: {what}", { what: asked(t, open) })}
    </Link>
  );
}
