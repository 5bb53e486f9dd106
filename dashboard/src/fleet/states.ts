import type { Schemas } from "@/api/client";
import type { Tone } from "@/components/ui/parts";
import type { Say } from "@/shell/text";

type State = Schemas["Lifecycle"];

export function stateName(t: Say, state: State): string {
  switch (state) {
    case "running":
      return t("in progress");
    case "waiting":
      return t("waiting for a person");
    case "parked":
      return t("waiting for a service");
    case "done":
      return t("done");
    case "failed":
      return t("failed");
    case "cancelled":
      return t("cancelled");
    case "expired":
      return t("expired");
  }
}

export function stateTone(state: State): Tone {
  switch (state) {
    case "running":
      return "soft";
    case "done":
      return "good";
    case "waiting":
    case "parked":
      return "warn";
    default:
      return "bad";
  }
}
