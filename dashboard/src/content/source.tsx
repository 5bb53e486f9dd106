import { useState } from "react";
import { Button } from "@/components/ui/button";
import { useText } from "@/shell/text";
import { kindOf, useColours } from "./highlight";
import { Code, Coloured } from "./lines";

/** Lines that are shown at first. */
const FIRST = 400;
/** Most lines that are shown. */
const MOST = 20_000;

/** A text file, line by line. */
export function Source({ path, text }: { path: string; text: string }) {
  const t = useText();
  const [all, setAll] = useState(false);
  const colours = useColours(kindOf(path), text);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const shown = lines.slice(0, all ? MOST : FIRST);
  return (
    <>
      <div
        className="written overflow-x-auto rounded-md border"
        role="region"
        aria-label={path}
        tabIndex={0}
      >
        <table className="w-full border-collapse font-mono text-xs leading-5" dir="ltr">
          <tbody>
            {shown.map((line, at) => (
              // Lines of a version never move.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={at}>
                <td className="w-10 px-2 text-end whitespace-nowrap text-muted select-none">
                  {at + 1}
                </td>
                <td className="pe-3 whitespace-pre">
                  {colours?.[at] ? <Coloured tokens={colours[at]} /> : <Code text={line} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {lines.length > shown.length ? (
        <Button className="mt-2" onClick={() => setAll(true)} disabled={all}>
          {all
            ? t("Download the file to see the rest.")
            : t("Show all {n} lines", { n: lines.length })}
        </Button>
      ) : null}
    </>
  );
}
