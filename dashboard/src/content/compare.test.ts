import { describe, expect, it } from "vitest";
import type { Block } from "@/api/client";
import { compareBlocks, compareWords, plain } from "./compare";

const says = (text: string): Block => ({ block: "paragraph", spans: [{ text }] });
const title = (text: string): Block => ({ block: "heading", level: 2, spans: [{ text }] });

describe("a document compared with what it was", () => {
  it("shows a rewritten paragraph as one that changed", () => {
    const old = [title("Scope"), says("Orders arrive by fax."), says("Nothing else.")];
    const now = [title("Scope"), says("Orders arrive by web."), says("Nothing else.")];
    expect(compareBlocks(old, now).map((piece) => piece.kind)).toEqual(["same", "changed", "same"]);
  });

  it("tells a new section from a rewritten heading", () => {
    const kinds = (old: string, now: string) =>
      compareBlocks([title(old)], [title(now)]).map((piece) => piece.kind);
    expect(kinds("Cost of running", "Cost")).toEqual(["changed"]);
    expect(kinds("Cost", "Risks")).toEqual(["added", "removed"]);
  });

  it("loses no block, whatever was changed", () => {
    const letters = [..."abcdefgh"];
    for (let seed = 0; seed < 500; seed += 1) {
      const pick = (n: number) => letters[(seed * 7 + n * n * 3) % letters.length] ?? "a";
      const old = Array.from({ length: seed % 9 }, (_, n) => says(pick(n)));
      const now = Array.from({ length: (seed * 5) % 11 }, (_, n) => says(pick(n + (seed % 3))));
      const pieces = compareBlocks(old, now);
      const kept = pieces.flatMap((piece) => {
        if (piece.kind === "same") return piece.items;
        if (piece.kind === "changed") return [piece.now];
        return piece.kind === "added" ? [piece.item] : [];
      });
      const before = pieces.flatMap((piece) => {
        if (piece.kind === "same") return piece.items;
        if (piece.kind === "changed") return [piece.old];
        return piece.kind === "removed" ? [piece.item] : [];
      });
      expect(kept.map(plain).toSorted()).toEqual(now.map(plain).toSorted());
      expect(before.map(plain).toSorted()).toEqual(old.map(plain).toSorted());
    }
  });

  it("marks the words that differ and keeps their style", () => {
    const words = compareWords(
      [{ text: "pay by card" }],
      [{ text: "pay by " }, { text: "cash", strong: true }],
    );
    const marked = words.filter((word) => word.change !== "same");
    expect(marked.map((word) => [word.text, word.change, word.span.strong ?? false])).toEqual([
      ["card", "removed", false],
      ["cash", "added", true],
    ]);
  });
});
