import { describe, expect, it } from "vitest";
import { parts } from "./hidden";
import { target } from "./links";

describe("a link that an agent wrote", () => {
  it("leads to the web, to a file, or nowhere", () => {
    const at = "docs/architecture/plan.md";
    for (const [link, kind] of [
      ["https://example.org/a", "web"],
      ["mailto:ada@example.org", "mail"],
      ["../adr/0001.md#why", "file"],
      ["/infra/main.tf", "file"],
      ["javascript:alert(1)", "none"],
      ["JaVaScRiPt:alert(1)", "none"],
      ["data:text/html,x", "none"],
      ["vbscript:x", "none"],
      ["file:///etc/passwd", "none"],
      ["//evil.example/x", "none"],
      ["\\\\evil.example\\x", "none"],
      ["#top", "none"],
      ["../../../secrets", "none"],
      ["%zz", "none"],
      ["", "none"],
    ] as const) {
      expect(target(link, at).kind, link).toBe(kind);
    }
    expect(target("../adr/0001.md", at)).toEqual({ kind: "file", path: "docs/adr/0001.md" });
  });

  it("spells out a host that looks like another one", () => {
    expect(target("https://аpple.com/", "a.md")).toMatchObject({ host: "xn--pple-43d.com" });
    expect(target("https://bank.example@evil.example/", "a.md").kind).toBe("none");
  });
});

describe("text that somebody else wrote", () => {
  it("shows what a reader would not see", () => {
    const shown = (text: string) =>
      parts(text)
        .map((part) => (part.hidden ? `<${part.text}>` : part.text))
        .join("");
    expect(shown("pay\u202etoday\u202c")).toBe("pay<U+202E>today<U+202C>");
    expect(shown("a\u200bb\u{e0041}\u3164")).toBe("a<U+200B>b<U+E0041><U+3164>");
    expect(shown("\u001b[2J")).toBe("<U+001B>[2J");
    expect(shown("two\nlines\tand more")).toBe("two\nlines\tand more");
  });

  it("leaves emoji and scripts that need joiners as they are", () => {
    for (const text of ["👩‍💻", "❤️", "می‌خواهم", "naïve"]) {
      expect(parts(text), text).toEqual([{ text, hidden: false }]);
    }
    expect(parts("a\u200db")[1]).toEqual({ text: "U+200D", hidden: true });
  });
});
