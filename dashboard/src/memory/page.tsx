import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { notes } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Input, Select, Title } from "@/components/ui/parts";
import { Loaded } from "@/shell/loaded";
import { useText } from "@/shell/text";
import { KINDS, Note, noteKind } from "./note";

/** The notes that the engagements of this person share. */
export function Memory() {
  const t = useText();
  const [rehearsals, setRehearsals] = useState(false);
  const [cursors, setCursors] = useState<(string | undefined)[]>([undefined]);
  const [kind, setKind] = useState("");
  const [words, setWords] = useState("");
  const found = useQuery(notes(rehearsals, cursors.at(-1)));
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Memory")} />
      <p className="text-sm text-muted">
        {t("Notes from earlier engagements. Crews are shown those that fit their work, as data.")}
      </p>
      <div className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={t("Kind")}
          className="w-auto"
          value={kind}
          onChange={({ target }) => setKind(target.value)}
        >
          <option value="">{t("All kinds")}</option>
          {KINDS.map((name) => (
            <option key={name} value={name}>
              {noteKind(t, name)}
            </option>
          ))}
        </Select>
        <Input
          type="search"
          className="max-w-xs"
          aria-label={t("Search the notes on this page")}
          placeholder={t("Search")}
          value={words}
          onChange={({ target }) => setWords(target.value)}
        />
        <Rehearsals
          value={rehearsals}
          onChange={(value) => {
            setRehearsals(value);
            setCursors([undefined]);
          }}
        />
      </div>
      <Loaded of={found}>
        {(page) => {
          const fit = page.notes.filter(
            (note) =>
              (!kind || note.kind === kind) &&
              `${note.about} ${note.text} ${note.project}`
                .toLowerCase()
                .includes(words.toLowerCase()),
          );
          return (
            <>
              {fit.length === 0 ? <p className="text-muted">{t("Nothing to show.")}</p> : null}
              <ul className="flex flex-col gap-2">
                {fit.map((note) => (
                  <Note key={note.id} note={note} />
                ))}
              </ul>
              <div className="flex gap-2 empty:hidden">
                {cursors.length > 1 ? (
                  <Button onClick={() => setCursors(cursors.slice(0, -1))}>{t("Back")}</Button>
                ) : null}
                {page.next ? (
                  <Button onClick={() => setCursors([...cursors, page.next ?? undefined])}>
                    {t("Newer")}
                  </Button>
                ) : null}
              </div>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

/** Chooses rehearsals, whose notes and figures are kept apart. */
export function Rehearsals(props: { value: boolean; onChange: (value: boolean) => void }) {
  const t = useText();
  return (
    <label className="flex items-center gap-2 text-sm">
      <input
        type="checkbox"
        className="size-5 accent-primary"
        checked={props.value}
        onChange={({ target }) => props.onChange(target.checked)}
      />
      {t("Rehearsals")}
    </label>
  );
}
