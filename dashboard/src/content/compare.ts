import { diffArrays } from "diff";
import type { Block, Schemas, Span } from "@/api/client";

type Item = Schemas["Item"];

/** A part of two lists that are compared. */
export type Piece<T> =
  | { kind: "same"; items: T[] }
  | { kind: "added"; item: T }
  | { kind: "removed"; item: T }
  | { kind: "changed"; old: T; now: T };

/** Longest time for one comparison, in milliseconds; beyond it, everything counts as rewritten. */
const LONGEST = 400;
/** The same for the words of one block: a document may have many. */
const OF_A_BLOCK = 60;

/** Compares two lists. A removed and an added item at the same place are one that has changed. */
export function compare<T>(old: T[], now: T[], alike: (a: T, b: T) => boolean): Piece<T>[] {
  const keys = (items: T[]) => items.map((item) => JSON.stringify(item));
  const steps = diffArrays(keys(old), keys(now), { timeout: LONGEST }) ?? [
    { value: keys(old), removed: true, added: false },
    { value: keys(now), removed: false, added: true },
  ];
  const pieces: Piece<T>[] = [];
  let [from, to] = [0, 0];
  let gone: T[] = [];
  const flush = () => {
    pieces.push(...gone.map((item) => ({ kind: "removed" as const, item })));
    gone = [];
  };
  for (const step of steps) {
    const many = step.value.length;
    if (step.removed) {
      gone.push(...old.slice(from, from + many));
      from += many;
      continue;
    }
    const news = now.slice(to, to + many);
    to += many;
    if (!step.added) {
      flush();
      from += many;
      pieces.push({ kind: "same", items: news });
      continue;
    }
    for (const item of news) {
      const before = gone[0];
      if (before !== undefined && alike(before, item)) {
        gone.shift();
        pieces.push({ kind: "changed", old: before, now: item });
      } else {
        pieces.push({ kind: "added", item });
      }
    }
    flush();
  }
  flush();
  return pieces;
}

export const compareBlocks = (old: Block[], now: Block[]): Piece<Block>[] =>
  compare(old, now, isRewritten);

/** Whether a block is another one rewritten: then what differs can be shown inside of it. */
function isRewritten(a: Block, b: Block): boolean {
  if (a.block === "heading" && b.block === "heading") return a.level === b.level && near(a, b);
  if (a.block === "list" && b.block === "list") return a.start === b.start;
  if (a.block === "code" && b.block === "code") return a.language === b.language;
  if (a.block === "table" && b.block === "table") {
    return JSON.stringify([a.align, a.rows[0]]) === JSON.stringify([b.align, b.rows[0]]);
  }
  return a.block === b.block;
}

/** Headings that share no word are different sections, not a rewritten heading. */
function near(a: Block, b: Block): boolean {
  const words = (block: Block) => new Set(plain(block).toLowerCase().split(/\W+/).filter(Boolean));
  const other = words(b);
  return [...words(a)].some((word) => other.has(word));
}

export const compareItems = (old: Item[], now: Item[]): Piece<Item>[] =>
  compare(old, now, (a, b) => a.done === b.done);

const style = (span: Span): string => JSON.stringify({ ...span, text: "" });

/** A word with its style. */
export type Word = { text: string; span: Span; change: "same" | "added" | "removed" };

/** Compares two texts word by word. */
export function compareWords(old: Span[], now: Span[]): Word[] {
  const words = (spans: Span[]) =>
    spans.flatMap((span) =>
      (span.text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? []).map((text) => ({
        text,
        span,
      })),
    );
  const [before, after] = [words(old), words(now)];
  const steps = diffArrays(before, after, {
    // A link that leads elsewhere is another word, whatever it says.
    comparator: (a, b) => a.text === b.text && style(a.span) === style(b.span),
    timeout: OF_A_BLOCK,
  }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return steps.flatMap((step) =>
    step.value.map(({ text, span }) => ({
      text,
      span,
      change: step.removed
        ? ("removed" as const)
        : step.added
          ? ("added" as const)
          : ("same" as const),
    })),
  );
}

/** The text of a block without its markup, as a quotation. */
export function plain(block: Block): string {
  switch (block.block) {
    case "heading":
    case "paragraph":
      return block.spans.map((span) => span.text).join("");
    case "list":
      return block.items.map((item) => item.blocks.map(plain).join(" ")).join(" ");
    case "quote":
      return block.blocks.map(plain).join(" ");
    case "code":
      return block.text;
    case "table":
      return block.rows
        .map((row) => row.map((cell) => cell.map((span) => span.text).join("")).join(" "))
        .join(" ");
    case "rule":
      return "";
  }
}
