import { useSyncExternalStore } from "react";

/** What a person has set in this browser. */
export type Preferences = {
  language?: string;
  theme: "system" | "light" | "dark";
  motion: "system" | "less";
  /** Whether single keys act: `j`, `k`, `n`, `p`, `v`. */
  keys: boolean;
};

const KEY = "cloudcrew.preferences";
const DEFAULTS: Preferences = { theme: "system", motion: "system", keys: true };

let current = load();
const listeners = new Set<() => void>();

function load(): Preferences {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as object) };
  } catch {
    return DEFAULTS;
  }
}

export const preferences = (): Preferences => current;

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser without storage forgets it with the page.
  }
  show();
  for (const listener of listeners) listener();
}

/** Shows what was set on the page. */
export function show(): void {
  const root = document.documentElement;
  root.dataset["theme"] = current.theme;
  root.dataset["motion"] = current.motion;
}

/** Whether the page is dark. */
export const isDark = (): boolean =>
  current.theme === "dark" ||
  (current.theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);

export function usePreferences(): Preferences {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, preferences);
}
