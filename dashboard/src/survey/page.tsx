import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, once, read } from "@/api/client";
import { survey } from "@/api/queries";
import { Rating } from "@/components/rating";
import { Button } from "@/components/ui/button";
import { Notice, Panel, TextArea, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { useDraft } from "@/shell/drafts";
import { Loaded } from "@/shell/loaded";
import { phaseName } from "@/shell/names";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";
import { number, useText } from "@/shell/text";

const NONE: Record<string, number> = {};

/** What people think of an engagement after its end. It holds nothing up. */
export function Survey() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(survey(id));
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <Title text={t("Survey")} />
      <Loaded of={found}>
        {({ open, questions, answers }) => (
          <>
            {open ? (
              <Form id={id} questions={questions} />
            ) : (
              <p className="text-muted">{t("The survey opens when the engagement ends.")}</p>
            )}
            <ul className="flex flex-col gap-2">
              {answers.map((answer) => (
                <li key={answer.actor}>
                  <Panel className="flex flex-col gap-1 p-3 sm:p-3">
                    <h2 className="font-medium">{answer.actor}</h2>
                    <dl className="flex flex-wrap gap-x-6 text-sm">
                      {Object.entries(answer.ratings).map(([question, n]) => (
                        <div key={question} className="flex gap-2">
                          <dt className="text-muted">{phaseName(question)}</dt>
                          <dd>{t("{n} of 5", { n: number(n) })}</dd>
                        </div>
                      ))}
                    </dl>
                    {answer.words ? (
                      <p className="written text-sm">
                        <Plain text={answer.words} />
                      </p>
                    ) : null}
                  </Panel>
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Form({ id, questions }: { id: string; questions: string[] }) {
  const t = useText();
  const [ratings, setRatings, dropRatings] = useDraft(`${id}.survey.ratings`, NONE);
  const [words, setWords, dropWords] = useDraft(`${id}.survey.words`, "");
  const { submit, sending, error } = useSubmit(id, "survey");
  const given = Object.fromEntries(
    Object.entries(ratings).filter(([question]) => questions.includes(question)),
  );
  const isEmpty = Object.keys(given).length === 0 && !words.trim();
  const send = async () => {
    const body = { ratings: given, words };
    const reply = await submit(body, (key) =>
      read(
        api.POST("/projects/{id}/survey", {
          params: { path: { id } },
          headers: once(key),
          body,
        }),
      ),
    );
    if (!reply) return;
    dropRatings();
    dropWords();
  };
  return (
    <Panel className="flex flex-col gap-4">
      <p className="text-sm text-muted">
        {t("It is optional. If you answer again, your last answer counts.")}
      </p>
      {questions.map((question) => (
        <Rating
          key={question}
          name={question}
          value={ratings[question]}
          onChange={(value) => setRatings({ ...ratings, [question]: value })}
        />
      ))}
      <label className="flex flex-col gap-1 text-sm font-medium">
        {t("Anything else?")}
        <TextArea
          value={words}
          maxLength={60_000}
          onChange={({ target }) => setWords(target.value)}
        />
      </label>
      <Refusal error={error} />
      {sending === "sent" ? (
        <Notice tone="good">{t("Thank you. Your answer is recorded.")}</Notice>
      ) : null}
      <Button
        look="primary"
        className="self-start"
        disabled={sending === "sending" || isEmpty}
        onClick={() => void send()}
      >
        {t("Send")}
      </Button>
    </Panel>
  );
}
