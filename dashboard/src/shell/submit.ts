import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refused, newKey } from "@/api/client";

export type Sending = "idle" | "sending" | "sent";

const PREFIX = "cloudcrew.attempt.";

/** The key of an attempt that has no known outcome yet. It survives a reload, as the words do. */
function keyOf(name: string, body: string): string {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null") as {
      body: string;
      key: string;
    } | null;
    if (kept?.body === body) return kept.key;
    const key = newKey();
    sessionStorage.setItem(PREFIX + name, JSON.stringify({ body, key }));
    return key;
  } catch {
    return newKey();
  }
}

/** Whether the service has said no for good, so that another try is another attempt. */
const isFinal = (error: unknown): boolean =>
  error instanceof Refused &&
  error.status < 500 &&
  ![401, 429].includes(error.status) &&
  error.kind !== "in-progress";

/**
 * Sends something that a person decided, once. The same words keep their key until their outcome is
 * known, so that trying again after a lost reply cannot act twice. `name` says what is sent.
 */
export function useSubmit(project: string, name: string) {
  const queries = useQueryClient();
  const [sending, setSending] = useState<Sending>("idle");
  const [error, setError] = useState<Error | undefined>(undefined);
  const attempt = `${project}.${name}`;

  async function submit<T>(
    body: unknown,
    send: (key: string) => Promise<T>,
  ): Promise<T | undefined> {
    setSending("sending");
    setError(undefined);
    try {
      const reply = await send(keyOf(attempt, JSON.stringify(body)));
      sessionStorage.removeItem(PREFIX + attempt);
      setSending("sent");
      void queries.invalidateQueries({ queryKey: ["inbox"] });
      void queries.invalidateQueries({ queryKey: ["project", project] });
      void queries.invalidateQueries({ queryKey: ["projects"] });
      return reply;
    } catch (failure) {
      if (isFinal(failure)) sessionStorage.removeItem(PREFIX + attempt);
      setSending("idle");
      setError(failure as Error);
      // Someone may have been faster: what waits is read again.
      void queries.invalidateQueries({ queryKey: ["inbox"] });
      void queries.invalidateQueries({ queryKey: ["project", project, "requests"] });
      return undefined;
    }
  }
  return { submit, sending, error };
}
