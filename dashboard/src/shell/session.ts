import { Refused, Unreachable, api, once, newKey, read } from "@/api/client";
import { forgetDrafts } from "./drafts";

/** Why the token of the address was not accepted. */
export let refusedToken: "unknown" | "unreachable" | undefined;

/**
 * Exchanges the token in the fragment of the address, if there is one, for a cookie that no script
 * can read. The fragment was never sent to anyone, and is removed.
 */
export async function beginSession(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  refusedToken = await logIn(token);
}

export async function logIn(token: string): Promise<typeof refusedToken> {
  try {
    await read(api.POST("/session", { body: { token } }));
    return undefined;
  } catch (error) {
    if (error instanceof Refused && error.status < 500) return "unknown";
    if (error instanceof Refused || error instanceof Unreachable) return "unreachable";
    throw error;
  }
}

const LEFT = "cloudcrew.left";

/** Leaves the page when the person logs out in another tab. */
export function leaveTogether(): void {
  addEventListener("storage", ({ key }) => {
    if (key === LEFT) location.assign("/app/inbox");
  });
}

/** Ends the session here and in other tabs, and forgets what was typed. */
export async function logOut(): Promise<void> {
  try {
    await read(api.POST("/logout", { headers: once(newKey()) }));
  } finally {
    forgetDrafts("all");
  }
  localStorage.setItem(LEFT, String(Date.now()));
  location.assign("/app/inbox");
}
