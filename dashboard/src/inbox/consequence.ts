import type { OpenRequest } from "@/api/client";
import { phaseName } from "@/shell/names";
import { type Say, ago } from "@/shell/text";

/** Until when a request waits, and what happens then. */
export function consequence(t: Say, request: OpenRequest): string | undefined {
  if (!request.deadline) return undefined;
  const when = ago(request.deadline);
  switch (request.on_expiry) {
    case "approve":
      return t("Due {when}; approved automatically if no one decides", { when });
    case "escalate":
      return t("Due {when}; after that, {group} may decide too", {
        when,
        group: request.escalate_to ?? "",
      });
    default:
      return t("Due {when}; the engagement ends if no one responds", { when });
  }
}

/** What a request asks, in the language of the page where the words are ours. */
export function asked(t: Say, request: OpenRequest): string {
  switch (request.kind) {
    case "gate":
      return t("Approve {phase}, or request changes", { phase: phaseName(request.phase) });
    case "budget":
      return t("Raise a budget or end the engagement");
    default:
      return request.text;
  }
}

/** How many people have approved, when more than one must. */
export function quorum(t: Say, request: OpenRequest): string | undefined {
  const { have, need } = request.quorum;
  return need > 1 ? t("{have} of {need} approvals", { have, need }) : undefined;
}

export function kindName(t: Say, kind: OpenRequest["kind"]): string {
  switch (kind) {
    case "gate":
      return t("Approval");
    case "question":
      return t("Question");
    case "budget":
      return t("Budget");
    case "effect":
      return t("Uncertain effect");
  }
}
