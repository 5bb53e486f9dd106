import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { Block, Schemas } from "@/api/client";
import { document as documentQuery, text as textQuery } from "@/api/queries";
import { Button, buttonLook } from "@/components/ui/button";
import { Notice, Panel, TextArea } from "@/components/ui/parts";
import { Mark, One, Rewritten } from "@/content/blocks";
import { type Piece, compareBlocks, plain } from "@/content/compare";
import { LineChanges } from "@/content/lines";
import { Source } from "@/content/source";
import { Loaded } from "@/shell/loaded";
import { useDraft } from "@/shell/drafts";
import { useText } from "@/shell/text";
import type { NewRemark } from "./gate";

type File = Schemas["FileChange"];

/** Longest quotation, in characters. */
const QUOTE = 600;
/** Blocks that are shown at first. */
const SHOWN = 400;
/** Unchanged blocks beyond these become one line. */
const AROUND = 2;

type Props = {
  id: string;
  file: File;
  viewed: boolean;
  onViewed: () => void;
  drafts: NewRemark[];
  /** Absent when nothing can be remarked on any more. */
  onDrafts: ((drafts: NewRemark[]) => void) | undefined;
};

/** A file of a request: as it reads, with what changed in it. */
export function Document(props: Props) {
  const t = useText();
  const { id, file, viewed, onViewed } = props;
  return (
    <Panel aria-labelledby="document" className="p-0 sm:p-0">
      <header className="flex flex-wrap items-center gap-2 border-b px-4 py-2">
        <h2 id="document" className="me-auto min-w-0 font-mono text-sm break-all">
          {file.path}
        </h2>
        {file.oid ? (
          <>
            <a
              className={buttonLook("quiet")}
              href={`/projects/${id}/artifacts/${encodeURIComponent(file.path)}?oid=${file.oid}`}
              download={file.path.split("/").at(-1)}
            >
              {t("Download")}
            </a>
            <Button aria-pressed={viewed} onClick={onViewed}>
              {viewed ? t("✓ Viewed") : t("Mark as viewed")}
            </Button>
          </>
        ) : null}
      </header>
      <div className="p-4">
        <Content {...props} />
      </div>
    </Panel>
  );
}

function Content(props: Props): ReactNode {
  const t = useText();
  const { file } = props;
  if (!file.oid) return <Notice>{t("This file is no longer there.")}</Notice>;
  if (!file.text) {
    return (
      <Notice>
        {t("This is not a text file, so it cannot be shown here. Download it to view it.")}
      </Notice>
    );
  }
  if (file.path.endsWith(".md")) return <Written {...props} oid={file.oid} />;
  if (file.change === "changed") return <Changed {...props} />;
  return <Plainly {...props} oid={file.oid} />;
}

function Changed({ id, file }: Props) {
  const t = useText();
  const now = useQuery(textQuery(id, file.path, file.oid ?? ""));
  const old = useQuery(textQuery(id, file.path, file.from ?? ""));
  return (
    <Loaded of={old}>
      {(before) => (
        <Loaded of={now}>
          {(after) => (
            <LineChanges
              old={before}
              now={after}
              label={t("What changed in {path}", { path: file.path })}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  );
}

function Plainly({ id, file, oid }: Props & { oid: string }) {
  const found = useQuery(textQuery(id, file.path, oid));
  return <Loaded of={found}>{(text) => <Source path={file.path} text={text} />}</Loaded>;
}

function Written(props: Props & { oid: string }) {
  const { id, file, oid } = props;
  const isChanged = file.change === "changed" && file.from;
  const now = useQuery(documentQuery(id, file.path, oid));
  const old = useQuery({
    ...documentQuery(id, file.path, file.from ?? oid),
    enabled: Boolean(isChanged),
  });
  return (
    <Loaded of={now}>
      {(data) =>
        isChanged ? (
          <Loaded of={old}>
            {(before) => (
              <Reading {...props} old={before.blocks} now={data.blocks} cut={data.cut} />
            )}
          </Loaded>
        ) : (
          <Reading {...props} now={data.blocks} cut={data.cut} />
        )
      }
    </Loaded>
  );
}

type Row = { key: string; piece: Piece<Block>; text: string };

function Reading(props: Props & { oid: string; old?: Block[]; now: Block[]; cut: boolean }) {
  const t = useText();
  const { id, file, oid, old, now, cut, drafts, onDrafts } = props;
  const rows = useMemo(() => rowsOf(old, now), [old, now]);
  const groups = useMemo(() => folded(rows, old !== undefined), [rows, old]);
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      {cut ? (
        <Notice>
          {t("This document is too long to show in full. Download it to read the rest.")}
        </Notice>
      ) : null}
      <article
        className="written max-w-[46rem]"
        aria-label={t("{path}, written by the crew", { path: file.path })}
      >
        {groups.slice(0, shown).map((group) =>
          "hidden" in group ? (
            <Fold key={group.hidden[0]?.key} rows={group.hidden}>
              {(row) => line(row)}
            </Fold>
          ) : (
            line(group)
          ),
        )}
      </article>
      {groups.length > shown ? (
        <Button className="mt-2" onClick={() => setShown(shown + 4 * SHOWN)}>
          {t("{n, plural, one {# more block} other {# more blocks}}", { n: groups.length - shown })}
        </Button>
      ) : null}
    </>
  );

  function line(row: Row): ReactNode {
    return (
      <Line
        key={row.key}
        id={id}
        row={row}
        path={file.path}
        oid={oid}
        drafts={drafts.filter(
          (draft) =>
            draft.path === file.path && draft.oid === oid && row.text.includes(draft.quote),
        )}
        onRemark={
          onDrafts && row.text && row.piece.kind !== "removed"
            ? (quote, words) => onDrafts([...drafts, { path: file.path, oid, quote, words }])
            : undefined
        }
        onDrop={(draft) => onDrafts?.(drafts.filter((other) => other !== draft))}
      />
    );
  }
}

/** A block with its change and its remarks. */
function Line(props: {
  id: string;
  row: Row;
  path: string;
  oid: string;
  drafts: NewRemark[];
  onRemark: ((quote: string, words: string) => void) | undefined;
  onDrop: (draft: NewRemark) => void;
}) {
  const t = useText();
  const { id, row, path, oid, drafts, onRemark, onDrop } = props;
  const [writing, setWriting] = useState<string | undefined>(undefined);
  const [words, setWords, dropWords] = useDraft(`${id}.${path}.${oid}.${row.key}`, "");
  const { piece } = row;
  const bars = {
    same: "border-transparent",
    added: "border-good",
    removed: "border-bad",
    changed: "border-primary",
  };
  const isChange = piece.kind !== "same";

  const begin = () => {
    const chosen = getSelection()?.toString().trim() ?? "";
    const quote = chosen && row.text.includes(chosen) ? chosen : row.text;
    // By characters, so that none is cut in two.
    setWriting(Array.from(quote).slice(0, QUOTE).join(""));
  };

  return (
    <div
      className={`group relative border-s-4 ps-3 ${bars[piece.kind]}`}
      {...(isChange ? { "data-change": piece.kind, tabIndex: -1 } : {})}
    >
      {piece.kind === "same" ? <One block={piece.items[0] as Block} at={{ path }} /> : null}
      {piece.kind === "added" || piece.kind === "removed" ? (
        <Mark change={piece.kind}>
          <One block={piece.item} at={{ path }} />
        </Mark>
      ) : null}
      {piece.kind === "changed" ? (
        <Rewritten old={piece.old} now={piece.now} at={{ path }} />
      ) : null}
      {onRemark && writing === undefined ? (
        <button
          type="button"
          onClick={begin}
          className="absolute end-0 top-0 min-h-6 rounded border border-control bg-raised px-2 text-xs opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
        >
          {t("Add remark")}
          <span className="sr-only"> {t("on: {words}", { words: row.text.slice(0, 60) })}</span>
        </button>
      ) : null}
      {drafts.map((draft) => (
        <div
          key={draft.quote + draft.words}
          className="my-2 flex items-start gap-2 rounded-md bg-warn-soft p-2 text-sm text-warn"
        >
          <span className="me-auto whitespace-pre-wrap">
            <strong>{t("Your remark, not sent yet:")}</strong> {draft.words}
          </span>
          <Button look="quiet" onClick={() => onDrop(draft)}>
            {t("Remove")}
          </Button>
        </div>
      ))}
      {writing !== undefined && onRemark ? (
        <form
          className="my-2 flex flex-col gap-2 rounded-md border bg-raised p-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (!words.trim()) return;
            onRemark(writing, words.trim());
            setWriting(undefined);
            dropWords();
          }}
        >
          <p className="border-s-2 ps-2 text-sm text-muted">“{writing.slice(0, 160)}”</p>
          <TextArea
            // The person has asked for it.
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            aria-label={t("Your remark")}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <div className="flex flex-wrap gap-2">
            <Button type="submit" look="primary">
              {t("Save remark")}
            </Button>
            <Button look="quiet" onClick={() => setWriting(undefined)}>
              {t("Cancel")}
            </Button>
            <span className="text-sm text-muted">{t("It will be sent with your decision.")}</span>
          </div>
        </form>
      ) : null}
    </div>
  );
}

/** Unchanged blocks, on one line until someone asks for them. */
function Fold({ rows, children }: { rows: Row[]; children: (row: Row) => ReactNode }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  if (open) return rows.map(children);
  const titles = rows
    .map((row) => row.piece)
    .flatMap((piece) => (piece.kind === "same" ? piece.items : []))
    .filter((block) => block.block === "heading")
    .map(plain);
  return (
    <button
      type="button"
      onClick={() => setOpen(true)}
      className="my-2 w-full rounded-md border border-dashed border-control px-3 py-1.5 text-start text-sm text-muted hover:bg-soft"
    >
      {t("{n, plural, one {# unchanged block} other {# unchanged blocks}}", { n: rows.length })}
      {titles.length ? `: ${titles.slice(0, 4).join(" · ")}` : ""}
    </button>
  );
}

function rowsOf(old: Block[] | undefined, now: Block[]): Row[] {
  const pieces: Piece<Block>[] = old ? compareBlocks(old, now) : [{ kind: "same", items: now }];
  const single = pieces.flatMap((piece): Piece<Block>[] =>
    piece.kind === "same" ? piece.items.map((item) => ({ kind: "same", items: [item] })) : [piece],
  );
  return single.map((piece, at) => {
    const block =
      piece.kind === "same" ? piece.items[0] : piece.kind === "changed" ? piece.now : piece.item;
    const text = block ? plain(block).replace(/\s+/g, " ").trim() : "";
    return { key: String(at), piece, text };
  });
}

function folded(rows: Row[], compares: boolean): (Row | { hidden: Row[] })[] {
  if (!compares) return rows;
  const isNear = (at: number) =>
    rows.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((row) => row.piece.kind !== "same");
  const groups: (Row | { hidden: Row[] })[] = [];
  rows.forEach((row, at) => {
    const last = groups.at(-1);
    if (isNear(at)) groups.push(row);
    else if (last && "hidden" in last) last.hidden.push(row);
    else groups.push({ hidden: [row] });
  });
  return groups;
}
