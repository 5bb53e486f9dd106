import { type CSSProperties, useMemo, useState } from "react";
import { compare } from "./compare";
import type { Token } from "./highlight";
import { useText } from "@/shell/text";
import { parts } from "./hidden";

type Row = { change: "same" | "added" | "removed"; old?: number; now?: number; text: string };

/** Unchanged lines around a change. */
const AROUND = 3;
/** Most lines that are shown. */
const MOST = 5_000;

/** What changed in a text file, line by line. */
export function LineChanges({ old, now, label }: { old: string; now: string; label: string }) {
  const t = useText();
  const hunks = useMemo(() => hunksOf(old, now), [old, now]);
  const all = hunks.reduce((sum, hunk) => sum + hunk.length, 0);
  const shown = hunks.map((hunk, at) => {
    const before = hunks.slice(0, at).reduce((sum, other) => sum + other.length, 0);
    return hunk.slice(0, Math.max(0, MOST - before));
  });
  return (
    <>
      <div
        className="overflow-x-auto rounded-md border"
        role="region"
        aria-label={label}
        tabIndex={0}
      >
        <table className="w-full border-collapse font-mono text-xs leading-5" dir="ltr">
          <tbody>
            {shown.map((rows, at) =>
              rows[0] ? (
                <Hunk
                  key={`${rows[0].old ?? 0}-${rows[0].now ?? 0}`}
                  rows={rows}
                  isFirst={at === 0}
                />
              ) : null,
            )}
          </tbody>
        </table>
      </div>
      {all > MOST ? (
        <p className="mt-2 text-warn">
          {t("{n} more lines differ. Download the file to read them.", { n: all - MOST })}
        </p>
      ) : null}
    </>
  );
}

function Hunk({ rows, isFirst }: { rows: Row[]; isFirst: boolean }) {
  const looks = { same: "", added: "bg-good-soft", removed: "bg-bad-soft" };
  const signs = { same: " ", added: "+", removed: "−" };
  const number = "w-10 px-2 text-end whitespace-nowrap text-muted select-none";
  return (
    <>
      {isFirst ? null : (
        <tr aria-hidden>
          <td colSpan={4} className="bg-background px-2 text-center text-muted">
            ⋯
          </td>
        </tr>
      )}
      {rows.map((row) => (
        <tr key={`${row.old ?? ""}.${row.now ?? ""}`} className={looks[row.change]}>
          <td className={number}>{row.old ?? ""}</td>
          <td className={number}>{row.now ?? ""}</td>
          <td className="w-4 text-center">{signs[row.change]}</td>
          <td className="pe-3 whitespace-pre">
            <Code text={row.text} />
          </td>
        </tr>
      ))}
    </>
  );
}

/** The lines that differ, with a few lines around them. */
function hunksOf(old: string, now: string): Row[][] {
  const pieces = compare(old.split("\n"), now.split("\n"), () => false);
  const rows: Row[] = [];
  let [before, after] = [1, 1];
  for (const piece of pieces) {
    if (piece.kind === "same") {
      for (const text of piece.items) {
        rows.push({ change: "same", old: before, now: after, text });
        before += 1;
        after += 1;
      }
    } else if (piece.kind === "added") {
      rows.push({ change: "added", now: after, text: piece.item });
      after += 1;
    } else if (piece.kind === "removed") {
      rows.push({ change: "removed", old: before, text: piece.item });
      before += 1;
    }
  }
  const near = new Set<number>();
  rows.forEach((row, at) => {
    if (row.change === "same") return;
    for (let line = at - AROUND; line <= at + AROUND; line += 1) near.add(line);
  });
  const hunks: Row[][] = [];
  rows.forEach((row, at) => {
    if (!near.has(at)) return;
    if (near.has(at - 1) && at > 0) hunks.at(-1)?.push(row);
    else hunks.push([row]);
  });
  return hunks;
}

/** A line of a file in colours. They are set by script, which the policy of the page allows. */
export function Coloured({ tokens }: { tokens: Token[] }) {
  return tokens.map((token, at) => (
    <span
      // oxlint-disable-next-line react/no-array-index-key
      key={at}
      className="coloured"
      style={{ "--on-light": token.light, "--on-dark": token.dark } as CSSProperties}
    >
      <Code text={token.text} />
    </span>
  ));
}

/** Characters of a line that are shown at first. */
const LONG = 2_000;

/** A line of a file, with hidden characters shown. A long one says how much is not shown. */
export function Code({ text }: { text: string }) {
  const t = useText();
  const [whole, setWhole] = useState(false);
  const more = whole ? 0 : Math.max(0, text.length - LONG);
  return (
    <>
      {parts(more ? text.slice(0, LONG) : text).map((part, at) =>
        part.hidden ? (
          // oxlint-disable-next-line react/no-array-index-key
          <mark key={at} className="rounded bg-warn-soft px-1 text-warn" data-hidden>
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
      {more ? (
        <button
          type="button"
          className="ms-2 rounded bg-warn-soft px-2 text-warn"
          onClick={() => setWhole(true)}
        >
          {t("{n} more characters in this line", { n: more })}
        </button>
      ) : null}
    </>
  );
}
