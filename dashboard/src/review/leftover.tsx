import { Button } from "@/components/ui/button";
import { Panel, TextArea } from "@/components/ui/parts";
import { useDraft } from "@/shell/drafts";
import { useText } from "@/shell/text";
import type { NewRemark } from "./gate";

const NONE: NewRemark[] = [];
const NOTHING: string[] = [];

/** What a person typed for a decision that somebody else made. It is kept until they remove it. */
export function Leftover({ id, phase, request }: { id: string; phase: string; request: string }) {
  const t = useText();
  const [words, , dropWords] = useDraft(`${id}.${phase}.words`, "");
  const [remarks, , dropRemarks] = useDraft(`${id}.${phase}.remarks`, NONE);
  const [answers, , dropAnswers] = useDraft(`${id}.${request}.answers`, NOTHING);
  const all = [
    words,
    ...answers,
    ...remarks.map((remark) => `${remark.path}: “${remark.quote}”\n${remark.words}`),
  ].filter((text) => text.trim());
  if (all.length === 0) return null;
  return (
    <Panel>
      <label className="flex flex-col gap-2 font-medium">
        {t("You typed this but did not send it")}
        <TextArea readOnly value={all.join("\n\n")} />
      </label>
      <Button
        className="mt-2"
        onClick={() => {
          dropWords();
          dropRemarks();
          dropAnswers();
        }}
      >
        {t("Remove")}
      </Button>
    </Panel>
  );
}
