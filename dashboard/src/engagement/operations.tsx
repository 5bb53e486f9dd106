import { useState } from "react";
import { api, once, read } from "@/api/client";
import type { Project } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Notice, Panel } from "@/components/ui/parts";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";
import { useText } from "@/shell/text";

type Verb = "cancel" | "resume" | "retry";

/** What operators may do. The service refuses it to others, and says so. */
export function Operations({ project }: { project: Project }) {
  const t = useText();
  const [asking, setAsking] = useState<Verb | undefined>(undefined);
  const { submit, sending, error } = useSubmit(project.id, "operate");
  const isOver = Boolean(project.end);
  const failed = ["failed", "expired"].includes(project.state);

  const act = async (verb: Verb) => {
    const path = { params: { path: { id: project.id } } };
    await submit({ verb }, (key) => {
      const headers = once(key);
      if (verb === "cancel") return read(api.POST("/projects/{id}/cancel", { ...path, headers }));
      if (verb === "resume") return read(api.POST("/projects/{id}/resume", { ...path, headers }));
      return read(api.POST("/projects/{id}/retry", { ...path, headers, body: {} }));
    });
    setAsking(undefined);
  };

  if (isOver && !failed) return null;
  return (
    <Panel>
      <details open={failed || project.state === "parked"}>
        <summary className="cursor-pointer font-semibold">{t("Operations")}</summary>
        <div className="mt-3 flex flex-wrap gap-2">
          {project.state === "parked" ? (
            <Button onClick={() => void act("resume")} disabled={sending === "sending"}>
              {t("Try again now")}
            </Button>
          ) : null}
          {failed ? (
            <Button onClick={() => setAsking("retry")}>{t("Retry")}</Button>
          ) : (
            <Button look="danger" onClick={() => setAsking("cancel")}>
              {t("Cancel the engagement")}
            </Button>
          )}
        </div>
      </details>
      {asking ? (
        <div className="mt-3 flex flex-col gap-2">
          <Notice>
            {asking === "cancel"
              ? t("The crew stops at its next step. What it has written stays in the repository.")
              : t("The phase that failed starts again.")}
          </Notice>
          <div className="flex gap-2">
            <Button
              look={asking === "cancel" ? "danger" : "primary"}
              disabled={sending === "sending"}
              onClick={() => void act(asking)}
            >
              {asking === "cancel" ? t("Yes, cancel it") : t("Yes, retry")}
            </Button>
            <Button onClick={() => setAsking(undefined)}>{t("Back")}</Button>
          </div>
        </div>
      ) : null}
      <Refusal error={error} />
    </Panel>
  );
}
