import { type FormEvent, useState } from "react";
import type { Request } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Field, Input, Notice, Panel, Title } from "@/components/ui/parts";
import { useDraft } from "@/shell/drafts";
import { money, number, useText } from "@/shell/text";
import { Decided, isOpen } from "./decided";
import { Refusal } from "@/shell/refusal";
import { useAnswer } from "./answer";

/** A budget that the next call would exceed: raise it, or let the engagement end. */
export function Budget({ id, request }: { id: string; request: Request }) {
  const t = useText();
  const [limit, setLimit, drop] = useDraft(`${id}.${request.id}.limit`, "");
  const [stops, setStops] = useState(false);
  const { answer, isSending, error } = useAnswer(id, request.id, drop);
  const asked = request.budget;
  const isMoney = asked?.unit === "micro_usd";
  const show = (amount: number) =>
    isMoney ? money(amount) : t("{n} tokens", { n: number(amount) });

  const raise = (event: FormEvent) => {
    event.preventDefault();
    // Some people write a comma before the cents.
    void answer(limit.trim().replace(/^(\d+),(\d{1,2})$/, "$1.$2"));
  };

  return (
    <div className="flex max-w-3xl flex-col gap-5">
      <Title text={t("Raise a budget?")} />
      <Decided id={id} request={request} />
      {asked ? (
        <Panel>
          <dl className="grid grid-cols-2 gap-x-6 gap-y-2 sm:grid-cols-3">
            <Fact name={t("Limit")}>{show(asked.limit)}</Fact>
            <Fact name={t("Used")}>{show(asked.spent)}</Fact>
            <Fact name={t("Next call, at most")}>{show(asked.needed)}</Fact>
          </dl>
          <p className="mt-3 font-mono text-xs text-muted">{asked.key}</p>
        </Panel>
      ) : null}
      {asked && isOpen(request) ? (
        <>
          <form className="flex flex-col gap-3" onSubmit={raise}>
            <Field
              label={isMoney ? t("New limit in US dollars") : t("New limit in tokens")}
              help={t("At least {least}; that covers only the next call.", {
                least: show(asked.spent + asked.needed),
              })}
            >
              {(field, help) => (
                <Input
                  id={field}
                  aria-describedby={help}
                  inputMode="decimal"
                  required
                  className="max-w-xs"
                  value={limit}
                  readOnly={isSending}
                  onChange={(event) => setLimit(event.target.value)}
                />
              )}
            </Field>
            <Refusal error={error} />
            <div className="flex flex-wrap gap-2">
              <Button type="submit" look="primary" disabled={isSending}>
                {t("Raise the limit")}
              </Button>
              <Button look="danger" onClick={() => setStops(true)}>
                {t("End the engagement")}
              </Button>
            </div>
          </form>
          {stops ? (
            <div className="flex flex-col gap-3">
              <Notice>
                {t("The engagement ends here. What the crew has written stays in the repository.")}
              </Notice>
              <div className="flex gap-2">
                <Button look="danger" disabled={isSending} onClick={() => void answer("stop")}>
                  {t("Yes, end it")}
                </Button>
                <Button onClick={() => setStops(false)}>{t("Back")}</Button>
              </div>
            </div>
          ) : null}
        </>
      ) : null}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt className="text-sm text-muted">{name}</dt>
      <dd className="text-lg font-semibold">{children}</dd>
    </div>
  );
}
