import { type FormEvent, useId } from "react";
import type { Request, Schemas } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Badge, Panel, TextArea, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { consequence, kindName } from "@/inbox/consequence";
import { phaseName } from "@/shell/names";
import { useDraft } from "@/shell/drafts";
import { ago, useText } from "@/shell/text";
import { Decided, isOpen } from "./decided";
import { Refusal } from "@/shell/refusal";
import { useAnswer } from "./answer";

type Part = Schemas["QuestionPart"];

const NONE: string[] = [];

/** Something that an agent asks. */
export function Question({ id, request }: { id: string; request: Request }) {
  const t = useText();
  const parts: Part[] = request.parts?.length
    ? request.parts
    : [{ question: request.text, choices: request.choices ?? [], optional: request.optional }];
  const [answers, setAnswers, drop] = useDraft(`${id}.${request.id}.answers`, NONE);
  const { answer, isSending, error } = useAnswer(id, request.id, drop);
  const due = consequence(t, request);
  const several = parts.length > 1;
  const given = parts.map((_, at) => (answers[at] ?? "").trim());
  const complete = parts.every((part, at) => part.optional || given[at]);

  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!complete) return;
    // Several answers are one line each.
    const words = several
      ? given.map((one) => one.replace(/\s*\n\s*/g, " ")).join("\n")
      : (given[0] ?? "");
    void answer(words);
  };

  return (
    <div className="flex max-w-3xl flex-col gap-5">
      <header className="flex flex-col gap-2">
        <Title text={kindName(t, request.kind)} />
        <p className="flex flex-wrap items-center gap-3 text-sm text-muted">
          <span>{phaseName(request.phase)}</span>
          <span>{t("asked {when}", { when: ago(request.opened) })}</span>
          {due ? <Badge tone="warn">{due}</Badge> : null}
        </p>
        {several ? (
          <p>
            <Plain text={request.text} />
          </p>
        ) : null}
        <Decided id={id} request={request} />
      </header>
      {isOpen(request) ? (
        <form className="flex flex-col gap-4" onSubmit={send}>
          <fieldset disabled={isSending} className="flex flex-col gap-4">
            {parts.map((part, at) => (
              <One
                key={part.question}
                part={part}
                value={answers[at] ?? ""}
                onChange={(value) => {
                  const next = [...answers];
                  next[at] = value;
                  setAnswers(parts.map((_, index) => next[index] ?? ""));
                }}
              />
            ))}
          </fieldset>
          <Refusal error={error} />
          <div className="flex flex-wrap items-center gap-2">
            <Button type="submit" look="primary" disabled={!complete || isSending}>
              {t("Answer")}
            </Button>
            {complete ? null : (
              <span className="text-sm text-muted">
                {t("Answer the required questions first.")}
              </span>
            )}
          </div>
        </form>
      ) : (
        <Panel>
          {parts.map((part) => (
            <p key={part.question}>
              <Plain text={part.question} />
            </p>
          ))}
        </Panel>
      )}
    </div>
  );
}

function One(props: { part: Part; value: string; onChange: (value: string) => void }) {
  const t = useText();
  const { part, value, onChange } = props;
  const group = useId();
  const legend = (
    <>
      <Plain text={part.question} />{" "}
      {part.optional ? <span className="font-normal text-muted">{t("(optional)")}</span> : null}
    </>
  );
  if (part.choices.length === 0) {
    return (
      <Panel>
        <label className="flex flex-col gap-2 font-medium">
          <span>{legend}</span>
          <TextArea
            value={value}
            maxLength={60_000}
            onChange={(event) => onChange(event.target.value)}
          />
        </label>
      </Panel>
    );
  }
  return (
    <Panel>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 font-medium">{legend}</legend>
        {part.choices.map((choice) => (
          <label key={choice} className="flex min-h-8 items-center gap-3">
            <input
              type="radio"
              className="size-5 accent-primary"
              name={group}
              checked={value === choice}
              onChange={() => onChange(choice)}
            />
            <Plain text={choice} />
          </label>
        ))}
        {part.optional && value ? (
          <Button look="quiet" className="self-start" onClick={() => onChange("")}>
            {t("Clear selection")}
          </Button>
        ) : null}
      </fieldset>
    </Panel>
  );
}
