import { Refused } from "@/api/client";
import { Notice } from "@/components/ui/parts";
import { reason } from "@/shell/loaded";
import { useText } from "@/shell/text";

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
          ? t("{who} was faster and has decided. Your words are kept below.", {
              who: error.problem.winner,
            })
          : t("This is decided already. Your words are kept below.");
      case "changed":
        return t(
          "The files have changed while you were reading. Look at them again; your words are kept.",
        );
      case "expired":
        return t("The deadline has passed. Your words are kept below.");
      default:
        return reason(t, error);
    }
  }
}
