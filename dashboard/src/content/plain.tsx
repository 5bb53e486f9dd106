import { parts } from "./hidden";

/**
 * Text that somebody else wrote, as text: hidden characters are shown, and its direction does not
 * reach the words around it.
 */
export function Plain({ text }: { text: string }) {
  return (
    <bdi className="whitespace-pre-wrap">
      {parts(text).map((part, at) =>
        part.hidden ? (
          // oxlint-disable-next-line react/no-array-index-key
          <Hidden key={at} code={part.text} />
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}

function Hidden({ code }: { code: string }) {
  return (
    <mark className="rounded bg-warn-soft px-1 font-mono text-xs text-warn" data-hidden>
      {code}
    </mark>
  );
}
