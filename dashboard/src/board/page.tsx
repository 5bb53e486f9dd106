import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { board, project } from "@/api/queries";
import { Badge, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { phaseName } from "@/shell/names";
import { Loaded } from "@/shell/loaded";
import { type Say, useText } from "@/shell/text";

type Card = Schemas["Card"];
type Item = Schemas["BoardItem"];

const COLUMNS = ["planned", "due", "written", "reviewed", "approved"] as const;

/** The work, by how far it is. Nobody moves a card: the crew's work does. */
export function Board() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(board(id));
  const waiting = useQuery(project(id)).data?.waiting.filter((one) => one.kind === "gate") ?? [];
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Board")} />
      <Loaded of={found}>
        {({ cards, items }) => (
          <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-5">
            {COLUMNS.map((state) => {
              const here = cards.filter((card) => card.state === state);
              return (
                <section key={state} aria-labelledby={state} className="flex flex-col gap-2">
                  <h2 id={state} className="font-semibold">
                    {columnName(t, state)} <span className="text-muted">({here.length})</span>
                  </h2>
                  <ul className="flex flex-col gap-2">
                    {here.map((card) => (
                      <OneCard
                        key={card.path}
                        id={id}
                        card={card}
                        items={items.filter((item) => item.deliverable === card.path)}
                        gate={waiting.find((gate) => gate.phase === card.phase)?.id}
                      />
                    ))}
                  </ul>
                </section>
              );
            })}
          </div>
        )}
      </Loaded>
    </div>
  );
}

function OneCard(props: { id: string; card: Card; items: Item[]; gate: string | undefined }) {
  const t = useText();
  const { id, card, items, gate } = props;
  const name = card.path.split("/").at(-1) ?? card.path;
  const done = items.filter((item) => item.state === "done").length;
  return (
    <li
      className={`flex flex-col gap-1.5 rounded-md border bg-surface p-3 text-sm ${gate ? "border-primary" : ""}`}
    >
      <p className="font-medium">
        {card.oid ? (
          <Link
            to="/app/p/$id/files"
            params={{ id }}
            search={{ path: card.path }}
            className="underline"
          >
            {name}
          </Link>
        ) : (
          name
        )}
      </p>
      <p className="text-muted">
        <Plain text={card.description} />
      </p>
      <p className="flex flex-wrap gap-1.5">
        <Badge>{phaseName(card.phase)}</Badge>
        <Badge>{card.owner}</Badge>
        {card.run && card.run > 1 ? <Badge>{t("run {n}", { n: card.run })}</Badge> : null}
        {card.reviews.map((review) => (
          <Badge key={review.agent} tone={tone(review.verdict)}>
            {review.agent}: {verdictWord(t, review.verdict)}
          </Badge>
        ))}
        {items.length ? (
          <Badge>{t("{done} of {all} items", { done, all: items.length })}</Badge>
        ) : null}
      </p>
      {card.findings.map((finding) => (
        <p key={finding} className="text-bad">
          <Plain text={finding} />
        </p>
      ))}
      {gate ? (
        <Link
          to="/app/p/$id/review/$request"
          params={{ id, request: gate }}
          search={{ file: card.path }}
          className="font-medium text-primary underline"
        >
          {t("Waiting for approval: review it")}
        </Link>
      ) : null}
    </li>
  );
}

function columnName(t: Say, state: Card["state"]): string {
  switch (state) {
    case "planned":
      return t("Planned");
    case "due":
      return t("In progress");
    case "written":
      return t("Written");
    case "reviewed":
      return t("Reviewed");
    case "approved":
      return t("Approved");
  }
}

function verdictWord(t: Say, verdict: Schemas["CardVerdict"]): string {
  switch (verdict) {
    case "open":
      return t("not reviewed yet");
    case "passed":
      return t("passed");
    case "failed":
      return t("found problems");
    case "outdated":
      return t("reviewed an older version");
  }
}

function tone(verdict: Schemas["CardVerdict"]) {
  if (verdict === "passed") return "good";
  return verdict === "failed" ? "bad" : "plain";
}
