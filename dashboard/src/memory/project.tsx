import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, read } from "@/api/client";
import { me, projectNotes } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Field, Panel, TextArea, Title } from "@/components/ui/parts";
import { useDraft } from "@/shell/drafts";
import { Loaded } from "@/shell/loaded";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";
import { useText } from "@/shell/text";
import { Note, type NoteRow } from "./note";

/** The notes of an engagement, and the files that were written after notes were shown. */
export function ProjectNotes() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(projectNotes(id));
  const operates = useQuery(me).data?.operates ?? false;
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Notes")} />
      <Loaded of={found}>
        {({ notes, files }) => (
          <>
            {notes.length === 0 ? (
              <p className="text-muted">{t("This engagement has made no notes.")}</p>
            ) : null}
            <ul className="flex flex-col gap-2">
              {notes.map((note) => (
                <Note key={note.id} note={note}>
                  {operates && note.closed !== "withdrawn" ? <Decide id={id} note={note} /> : null}
                </Note>
              ))}
            </ul>
            {files.length ? (
              <Panel className="flex flex-col gap-2">
                <h2 className="font-semibold">{t("Written after notes were shown")}</h2>
                <ul className="flex flex-col gap-1 text-sm">
                  {files
                    .filter((file) => file.current)
                    .map((file) => (
                      <li key={file.path}>
                        <span className="font-mono text-xs">{file.path}</span>{" "}
                        <span className="text-muted">
                          {t("{n, plural, one {# note} other {# notes}}", {
                            n: file.notes.length,
                          })}
                        </span>
                      </li>
                    ))}
                </ul>
              </Panel>
            ) : null}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Accepts a note for later engagements, or withdraws it. */
function Decide({ id, note }: { id: string; note: NoteRow }) {
  const t = useText();
  const { submit, sending, error } = useSubmit(id, `accept.${note.id}`);
  const accept = () =>
    submit({ accept: note.id }, (key) =>
      read(
        api.POST("/projects/{id}/memory/{note}/accept", {
          params: { path: { id, note: note.id } },
          headers: once(key),
        }),
      ),
    );
  return (
    <>
      <div className="flex flex-wrap gap-2">
        {note.shared || note.closed ? null : (
          <Button disabled={sending === "sending"} onClick={() => void accept()}>
            {t("Accept for later engagements")}
            <span className="sr-only">: {note.about}</span>
          </Button>
        )}
      </div>
      <Refusal error={error} />
      <Withdraw id={id} note={note} />
    </>
  );
}

/** Takes a note back. What was written after it was shown stays and is named. */
function Withdraw({ id, note }: { id: string; note: NoteRow }) {
  const t = useText();
  const [asked, setAsked] = useState(false);
  const [reason, setReason, drop] = useDraft(`${id}.withdraw.${note.id}`, "");
  const { submit, sending, error } = useSubmit(id, `withdraw.${note.id}`);
  if (!asked) {
    return (
      <Button look="quiet" className="self-start" onClick={() => setAsked(true)}>
        {t("Withdraw")}
        <span className="sr-only">: {note.about}</span>
      </Button>
    );
  }
  const send = async () => {
    const path = { id, note: note.id };
    const body = { reason: reason.trim() };
    const reply = await submit(body, (key) =>
      read(
        api.POST("/projects/{id}/memory/{note}/withdraw", {
          params: { path },
          headers: once(key),
          body,
        }),
      ),
    );
    if (reply) drop();
  };
  return (
    <div className="flex flex-col gap-2 border-t pt-2">
      <Field
        label={t("Why is it withdrawn?")}
        help={t(
          "It is no longer shown to anyone. Engagements in progress that were shown it get a blocker in their ledger.",
        )}
      >
        {(field, help) => (
          <TextArea
            id={field}
            aria-describedby={help}
            value={reason}
            maxLength={60_000}
            onChange={({ target }) => setReason(target.value)}
          />
        )}
      </Field>
      <Refusal error={error} />
      <div className="flex gap-2">
        <Button
          look="primary"
          disabled={sending === "sending" || !reason.trim()}
          onClick={() => void send()}
        >
          {t("Withdraw this note")}
        </Button>
        <Button onClick={() => setAsked(false)}>{t("Back")}</Button>
      </div>
    </div>
  );
}
