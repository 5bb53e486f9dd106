import type { Schemas } from "@/api/client";
import { parts } from "./hidden";

type FileDiff = Schemas["FileDiff"];

/** What changed in a text file, line by line. */
export function LineChanges({ diff, label }: { diff: FileDiff; label: string }) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="overflow-x-auto rounded-md border" role="region" aria-label={label} tabIndex={0}>
      <table className="w-full border-collapse font-mono text-xs leading-5" dir="ltr">
        <tbody>
          {diff.hunks.map((hunk, at) => (
            <Hunk key={`${hunk.lines[0]?.old ?? 0}-${hunk.lines[0]?.new ?? 0}`} hunk={hunk} first={at === 0} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Hunk({ hunk, first }: { hunk: Schemas["Hunk"]; first: boolean }) {
  const looks = { same: "", added: "bg-good-soft", removed: "bg-bad-soft" };
  const signs = { same: " ", added: "+", removed: "−" };
  return (
    <>
      {first ? null : (
        <tr aria-hidden>
          <td colSpan={4} className="bg-background px-2 text-center text-muted">
            ⋯
          </td>
        </tr>
      )}
      {hunk.lines.map((line) => (
        <tr key={`${line.old ?? ""}.${line.new ?? ""}`} className={looks[line.change]}>
          <td className="w-10 px-2 text-end text-muted select-none">{line.old ?? ""}</td>
          <td className="w-10 px-2 text-end text-muted select-none">{line.new ?? ""}</td>
          <td className="w-4 text-center">{signs[line.change]}</td>
          <td className="pe-3 whitespace-pre">
            <Code text={line.text} />
          </td>
        </tr>
      ))}
    </>
  );
}

/** A line of a file, with hidden characters shown. */
export function Code({ text }: { text: string }) {
  return parts(text.slice(0, 10_000)).map((part, at) =>
    part.hidden ? (
      // oxlint-disable-next-line react/no-array-index-key
      <mark key={at} className="rounded bg-warn-soft px-1 text-warn" data-hidden>
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  );
}
