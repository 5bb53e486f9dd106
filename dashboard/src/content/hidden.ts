/** A part of a text: as it is, or a character that a reader would not see. */
export type Part = { text: string; hidden: boolean };

/** Control and format characters, which Unicode calls Cc and Cf. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** Others that show nothing: fillers, variation selectors, separators of lines, and tags. */
const OTHERS: [number, number][] = [
  [0x115f, 0x1160],
  [0x2028, 0x2029],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xffa0, 0xffa0],
  [0xe0000, 0xe0fff],
];

/** Characters that emoji and some scripts need, unless they follow ASCII. */
const JOINERS = new Set([0x200c, 0x200d, 0xfe0f]);

function isHidden(char: string, before: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  if (char === "\n" || char === "\t") return false;
  if (JOINERS.has(code) && (before.codePointAt(0) ?? 0) > 127) return false;
  return INVISIBLE.test(char) || OTHERS.some(([first, last]) => first <= code && code <= last);
}

/** Splits a text at characters that a reader would not see, or that reorder what is around them. */
export function parts(text: string): Part[] {
  const found: Part[] = [];
  let plain = "";
  let before = " ";
  for (const char of text) {
    const hides = isHidden(char, before);
    before = char;
    if (!hides) {
      plain += char;
      continue;
    }
    if (char === "\r") continue;
    if (plain) found.push({ text: plain, hidden: false });
    plain = "";
    const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    found.push({ text: `U+${code}`, hidden: true });
  }
  if (plain) found.push({ text: plain, hidden: false });
  return found;
}
