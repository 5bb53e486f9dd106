import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import {
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
} from "react";
import { api, once, read } from "@/api/client";
import type { Schemas } from "@/api/client";
import { artifacts, messages } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Badge, Panel, TextArea, Title } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { useFeed } from "@/live/feed";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";
import { useDraft } from "@/shell/drafts";
import { Loaded } from "@/shell/loaded";
import { ago, exact, useText } from "@/shell/text";

type Row = Schemas["MessageRow"];

/** A conversation with the contact of an engagement. */
export function Chat() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(messages(id));
  const files = useQuery(artifacts(id));
  const paths = useMemo(() => files.data?.artifacts.map((file) => file.path) ?? [], [files.data]);
  const end = useRef<HTMLDivElement>(null);
  const last = found.data?.messages.at(-1);
  const mark = `${last?.id ?? ""} ${last?.state ?? ""}`;
  useEffect(() => {
    if (mark.trim()) end.current?.scrollIntoView({ block: "nearest" });
  }, [mark]);
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <Title text={t("Chat with the crew")} />
      <p className="text-sm text-muted">
        {t(
          "If the PM is at work in a phase, it reads your message before its next turn. Otherwise it answers at once, from the ledger and the files. It can ask a specialist.",
        )}
      </p>
      <Loaded of={found}>
        {({ messages: all }) => (
          <ol className="flex flex-col gap-4" aria-live="polite">
            {all.map((row) => (
              <Exchange key={row.id} id={id} row={row} paths={paths} />
            ))}
          </ol>
        )}
      </Loaded>
      <div ref={end} />
      <Composer id={id} />
    </div>
  );
}

function Exchange({ id, row, paths }: { id: string; row: Row; paths: string[] }) {
  const t = useText();
  const { words } = useFeed();
  const spoken = words.get(row.id);
  return (
    <li className="flex flex-col gap-2" id={row.id}>
      <Panel className="ms-auto max-w-[85%] bg-soft p-3 sm:p-3">
        <p className="text-xs text-muted">
          <Plain text={row.actor} />{" "}
          <time dateTime={row.at} title={exact(row.at)}>
            {ago(row.at)}
          </time>
        </p>
        <p>
          <Plain text={row.text} />
        </p>
      </Panel>
      {row.answer ? (
        <Panel className="me-auto max-w-[85%] p-3 sm:p-3">
          <p className="text-xs text-muted">
            {t("{agent} answered {when}", { agent: row.answer.agent, when: ago(row.answer.at) })}
          </p>
          {row.answer.fault ? (
            <p className="text-bad">
              <Plain text={row.answer.fault} />
            </p>
          ) : (
            <p className="written">
              <Cited id={id} text={row.answer.text} paths={paths} />
            </p>
          )}
        </Panel>
      ) : spoken ? (
        <Panel className="me-auto max-w-[85%] p-3 sm:p-3">
          <p className="written">
            <Plain text={spoken} />
          </p>
        </Panel>
      ) : (
        <p className="me-auto text-sm text-muted">
          {row.state === "failed" ? (
            <Badge tone="bad">{t("no answer")}</Badge>
          ) : (
            t("waiting for {agent}", { agent: row.to })
          )}
        </p>
      )}
    </li>
  );
}

/** An answer in which names of files lead to the files. */
function Cited({ id, text, paths }: { id: string; text: string; paths: string[] }): ReactNode {
  const found = paths.filter((path) => text.includes(path)).toSorted((a, b) => b.length - a.length);
  if (found.length === 0) return <Plain text={text} />;
  const escaped = found.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pieces = text.split(new RegExp(`(${escaped.join("|")})`));
  return pieces.map((piece, at) =>
    found.includes(piece) ? (
      <Link
        // oxlint-disable-next-line react/no-array-index-key
        key={at}
        to="/app/p/$id/files"
        params={{ id }}
        search={{ path: piece }}
        className="font-mono text-sm underline"
      >
        {piece}
      </Link>
    ) : (
      // oxlint-disable-next-line react/no-array-index-key
      <Plain key={at} text={piece} />
    ),
  );
}

function Composer({ id }: { id: string }) {
  const t = useText();
  const [text, setText, drop] = useDraft(`${id}.message`, "");
  const { submit, sending, error } = useSubmit(id, "message");
  const send = async () => {
    if (!text.trim() || sending === "sending") return;
    const body = { text };
    const reply = await submit(body, (key) =>
      read(
        api.POST("/projects/{id}/message", { params: { path: { id } }, headers: once(key), body }),
      ),
    );
    if (reply) drop();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        void send();
      }}
    >
      <TextArea
        aria-label={t("Your message")}
        placeholder={t("Ask about the work")}
        value={text}
        readOnly={sending === "sending"}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
      />
      <Refusal error={error} />
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" disabled={!text.trim() || sending === "sending"}>
          {t("Send")}
        </Button>
        <span className="text-sm text-muted">{t("Enter to send, Shift+Enter for a new line")}</span>
      </div>
    </form>
  );
}
