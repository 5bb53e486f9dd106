import { Refused } from "@/api/client";
import { Notice } from "@/components/ui/parts";
import { reason } from "./loaded";
import { useText } from "./text";

/** Why a decision was not recorded. What was typed stays where it is. */
export function Refusal({ error }: { error: Error | undefined }) {
  const t = useText();
  if (!error) return null;
  return <Notice tone="bad">{words()}</Notice>;

  function words(): string {
    if (!(error instanceof Refused)) return error ? reason(t, error) : "";
    switch (error.kind) {
      case "decided":
        return error.problem?.winner
          ? t("{who} decided first. What you typed is kept below.", {
              who: error.problem.winner,
            })
          : t("This has already been decided. What you typed is kept below.");
      case "changed":
        return t(
          "The files changed while you were reading. Review them again; what you typed is kept.",
        );
      case "expired":
        return t("The deadline has passed. What you typed is kept below.");
      default:
        return reason(t, error);
    }
  }
}
