import { useCallback, useState } from "react";

/** How long unsent words are kept in the browser, in milliseconds. */
const KEPT = 7 * 24 * 3600 * 1000;
const PREFIX = "cloudcrew.draft.";

/** Whose drafts these are: people may share a browser. */
let owner = "";

export function ownDrafts(name: string): void {
  owner = name;
}

const keyOf = (name: string): string => `${PREFIX}${owner}.${name}`;

type Kept = { at: number; value: unknown };

/**
 * Something that was typed and not sent. It survives a reload, a lost connection and a refusal; it is
 * never sent by itself.
 */
export function useDraft<T>(name: string, empty: T): [T, (value: T) => void, () => void] {
  const key = keyOf(name);
  const [held, setHeld] = useState<{ key: string; value: T }>(() => ({
    key,
    value: take(key, empty),
  }));
  const value = held.key === key ? held.value : take(key, empty);
  const set = useCallback(
    (next: T) => {
      setHeld({ key, value: next });
      try {
        localStorage.setItem(key, JSON.stringify({ at: Date.now(), value: next } satisfies Kept));
      } catch {
        // Without storage, the words live as long as the page.
      }
    },
    [key],
  );
  const drop = useCallback(() => {
    setHeld({ key, value: empty });
    localStorage.removeItem(key);
  }, [key, empty]);
  return [value, set, drop];
}

function take<T>(key: string, empty: T): T {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
    return kept && Date.now() - kept.at < KEPT ? (kept.value as T) : empty;
  } catch {
    return empty;
  }
}

/** Removes drafts that are too old, or all of them at logout. */
export function forgetDrafts(which: "old" | "all"): void {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  for (const key of keys) {
    if (which === "all" || take(key, undefined) === undefined) localStorage.removeItem(key);
  }
}
