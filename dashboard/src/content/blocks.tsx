import { type JSX, type ReactNode, useMemo } from "react";
import type { Block, Schemas, Span } from "@/api/client";
import { type Piece, compare, compareBlocks, compareItems, compareWords } from "./compare";
import { Diagram } from "./diagram";
import { WrittenLink } from "./link";

type Item = Schemas["Item"];

/** Where a document is, for its links. */
export type At = { path: string };

/** Blocks that an agent wrote. Nothing of it is markup: text becomes text. */
export function Blocks({ blocks, at }: { blocks: Block[]; at: At }) {
  // The blocks of a version never change, so their place names them.
  // oxlint-disable-next-line react/no-array-index-key
  return blocks.map((block, index) => <One key={index} block={block} at={at} />);
}

/** A block as it is. */
export function One({ block, at }: { block: Block; at: At }): ReactNode {
  switch (block.block) {
    case "heading":
      return <Heading level={block.level}>{<Spans spans={block.spans} at={at} />}</Heading>;
    case "paragraph":
      return (
        <p className="my-2">
          <Spans spans={block.spans} at={at} />
        </p>
      );
    case "list":
      return (
        <List start={block.start}>
          {block.items.map((item, index) => (
            // oxlint-disable-next-line react/no-array-index-key
            <ListItem key={index} done={item.done}>
              <Blocks blocks={item.blocks} at={at} />
            </ListItem>
          ))}
        </List>
      );
    case "quote":
      return (
        <blockquote className="my-3 border-s-4 ps-4 text-muted">
          <Blocks blocks={block.blocks} at={at} />
        </blockquote>
      );
    case "code":
      return block.language === "mermaid" ? (
        <Diagram source={block.text} />
      ) : (
        <Code language={block.language}>{block.text}</Code>
      );
    case "table":
      return <Table block={block} at={at} />;
    case "rule":
      return <hr className="my-4" />;
  }
}

/** A block that was rewritten, with what was struck and added. */
export function Rewritten({ old, now, at }: { old: Block; now: Block; at: At }): ReactNode {
  if (now.block === "heading" && old.block === "heading") {
    return (
      <Heading level={now.level}>
        <Words old={old.spans} now={now.spans} at={at} />
      </Heading>
    );
  }
  if (now.block === "paragraph" && old.block === "paragraph") {
    return (
      <p className="my-2">
        <Words old={old.spans} now={now.spans} at={at} />
      </p>
    );
  }
  if (now.block === "list" && old.block === "list") {
    return (
      <List start={now.start}>
        {compareItems(old.items, now.items).flatMap((piece, index) => itemOf(piece, index, at))}
      </List>
    );
  }
  if (now.block === "quote" && old.block === "quote") {
    return (
      <blockquote className="my-3 border-s-4 ps-4">
        <Pieces pieces={compareBlocks(old.blocks, now.blocks)} at={at} />
      </blockquote>
    );
  }
  if (now.block === "code" && old.block === "code") {
    return <Lines old={old.text} now={now.text} language={now.language} />;
  }
  if (now.block === "table" && old.block === "table")
    return <Table block={now} old={old} at={at} />;
  return <One block={now} at={at} />;
}

/** A comparison, in the order of the newer version. */
function Pieces({ pieces, at }: { pieces: Piece<Block>[]; at: At }) {
  return pieces.map((piece, index) => {
    const key = index;
    switch (piece.kind) {
      case "same":
        return <Blocks key={key} blocks={piece.items} at={at} />;
      case "added":
        return (
          <Mark key={key} change="added">
            <One block={piece.item} at={at} />
          </Mark>
        );
      case "removed":
        return (
          <Mark key={key} change="removed">
            <One block={piece.item} at={at} />
          </Mark>
        );
      case "changed":
        return <Rewritten key={key} old={piece.old} now={piece.now} at={at} />;
    }
  });
}

/** A whole block that is new, or gone. */
export function Mark({ change, children }: { change: "added" | "removed"; children: ReactNode }) {
  return change === "added" ? (
    <ins className="my-1 block rounded px-2 no-underline!">{children}</ins>
  ) : (
    <del className="my-1 block rounded px-2">{children}</del>
  );
}

function itemOf(piece: Piece<Item>, index: number, at: At): JSX.Element[] {
  switch (piece.kind) {
    case "same":
      return piece.items.map((same, n) => (
        // oxlint-disable-next-line react/no-array-index-key
        <ListItem key={`${index}-${n}`} done={same.done}>
          <Blocks blocks={same.blocks} at={at} />
        </ListItem>
      ));
    case "added":
    case "removed":
      return [
        <ListItem key={index} done={piece.item.done}>
          <Mark change={piece.kind}>
            <Blocks blocks={piece.item.blocks} at={at} />
          </Mark>
        </ListItem>,
      ];
    case "changed":
      return [
        <ListItem key={index} done={piece.now.done}>
          <Pieces pieces={compareBlocks(piece.old.blocks, piece.now.blocks)} at={at} />
        </ListItem>,
      ];
  }
}

/** Headings of a document begin below those of the page. */
function Heading({ level, children }: { level: number; children: ReactNode }) {
  const Tag = `h${Math.min(6, level + 2)}` as "h3" | "h4" | "h5" | "h6";
  const sizes = ["text-xl", "text-lg", "text-base", "text-base", "text-sm", "text-sm"];
  return (
    <Tag className={`mt-5 mb-2 font-semibold first:mt-0 ${sizes[level - 1] ?? "text-sm"}`}>
      {children}
    </Tag>
  );
}

function List({ start, children }: { start?: number | null | undefined; children: ReactNode }) {
  return typeof start === "number" ? (
    <ol start={start} className="my-2 list-decimal ps-7">
      {children}
    </ol>
  ) : (
    <ul className="my-2 list-disc ps-6">{children}</ul>
  );
}

function ListItem({ done, children }: { done?: boolean | null | undefined; children: ReactNode }) {
  if (typeof done !== "boolean") return <li className="my-1 [&>p]:my-0.5">{children}</li>;
  return (
    <li className="my-1 list-none [&>p]:inline">
      <span role="img" aria-label={done ? "☑" : "☐"} className="me-2 -ms-5">
        {done ? "☑" : "☐"}
      </span>
      {children}
    </li>
  );
}

function Code({ language, children }: { language: string; children: ReactNode }) {
  return (
    <figure className="my-3 overflow-hidden rounded-md border">
      {language ? (
        <figcaption className="border-b bg-background px-3 py-1 text-xs text-muted">
          {language.slice(0, 40)}
        </figcaption>
      ) : null}
      {/* A region that scrolls must be reachable by keyboard. */}
      <pre tabIndex={0} className="overflow-x-auto bg-background p-3 text-sm leading-6" dir="ltr">
        <code>{children}</code>
      </pre>
    </figure>
  );
}

function Lines({ old, now, language }: { old: string; now: string; language: string }) {
  const pieces = compare(old.split("\n"), now.split("\n"), () => false);
  return (
    <Code language={language}>
      {pieces.map((piece, index) => {
        const key = index;
        if (piece.kind === "same") return `${piece.items.join("\n")}\n`;
        if (piece.kind === "added") return <ins key={key}>{`${piece.item}\n`}</ins>;
        if (piece.kind === "removed") return <del key={key}>{`${piece.item}\n`}</del>;
        return null;
      })}
    </Code>
  );
}

type TableBlock = Extract<Block, { block: "table" }>;

function Table({ block, old, at }: { block: TableBlock; old?: TableBlock; at: At }) {
  const [head, ...body] = block.rows;
  const align = (column: number) => {
    const given = block.align[column];
    return given === "right" ? "text-end" : given === "center" ? "text-center" : "text-start";
  };
  const cell = (row: Span[][], column: number, before?: Span[][]) => (
    <td key={column} className={`border px-2 py-1 ${align(column)}`}>
      {before ? (
        <Words old={before[column] ?? []} now={row[column] ?? []} at={at} />
      ) : (
        <Spans spans={row[column] ?? []} at={at} />
      )}
    </td>
  );
  const columns = (head ?? []).map((_, column) => column);
  const rows = old
    ? compare(old.rows.slice(1), body, () => true)
    : [{ kind: "same" as const, items: body }];
  return (
    <div className="my-3 overflow-x-auto" tabIndex={0} role="group">
      <table className="border-collapse text-sm">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                className={`border bg-background px-2 py-1 ${align(column)}`}
              >
                <Spans spans={head?.[column] ?? []} at={at} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.flatMap((piece, index) => {
            const key = index;
            switch (piece.kind) {
              case "same":
                return piece.items.map((row, n) => (
                  // oxlint-disable-next-line react/no-array-index-key
                  <tr key={`${key}-${n}`}>{columns.map((column) => cell(row, column))}</tr>
                ));
              case "added":
                return (
                  <tr key={key} className="bg-good-soft">
                    {columns.map((c) => cell(piece.item, c))}
                  </tr>
                );
              case "removed":
                return (
                  <tr key={key} className="bg-bad-soft line-through">
                    {columns.map((c) => cell(piece.item, c))}
                  </tr>
                );
              case "changed":
                return <tr key={key}>{columns.map((c) => cell(piece.now, c, piece.old))}</tr>;
            }
          })}
        </tbody>
      </table>
    </div>
  );
}

function Spans({ spans, at }: { spans: Span[]; at: At }) {
  return spans.map((span, index) => (
    // oxlint-disable-next-line react/no-array-index-key
    <Styled key={index} span={span} at={at}>
      {span.text}
    </Styled>
  ));
}

function Words({ old, now, at }: { old: Span[]; now: Span[]; at: At }) {
  const words = useMemo(() => compareWords(old, now), [old, now]);
  // Neighbours of one style and one change are one element.
  const runs: { text: string; span: Span; change: "same" | "added" | "removed" }[] = [];
  for (const word of words) {
    const last = runs.at(-1);
    if (last && last.change === word.change && last.span === word.span) last.text += word.text;
    else runs.push({ ...word });
  }
  return runs.map(({ text, span, change }, index) => {
    const key = index;
    const styled = (
      <Styled span={span} at={at}>
        {text}
      </Styled>
    );
    if (change === "added") return <ins key={key}>{styled}</ins>;
    if (change === "removed") return <del key={key}>{styled}</del>;
    return <span key={key}>{styled}</span>;
  });
}

function Styled({ span, at, children }: { span: Span; at: At; children: string }): ReactNode {
  let shown: ReactNode = <span className="whitespace-pre-line">{children}</span>;
  if (span.code) {
    shown = (
      <code className="rounded bg-background px-1 py-0.5 text-[0.9em]" dir="ltr">
        {children}
      </code>
    );
  }
  if (span.strong) shown = <strong>{shown}</strong>;
  if (span.emphasis) shown = <em>{shown}</em>;
  if (span.strike) shown = <s>{shown}</s>;
  if (!span.link) return shown;
  return (
    <WrittenLink to={span.link} at={at.path} text={span.text}>
      {shown}
    </WrittenLink>
  );
}
