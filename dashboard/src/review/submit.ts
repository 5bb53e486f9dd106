import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { newKey } from "@/api/client";

export type Sending = "idle" | "sending" | "sent";

/**
 * Sends something that a person decided, once. The same words keep their key, so that trying again
 * after a lost reply cannot act twice.
 */
export function useSubmit(project: string) {
  const queries = useQueryClient();
  const attempt = useRef<{ body: string; key: string } | undefined>(undefined);
  const [sending, setSending] = useState<Sending>("idle");
  const [error, setError] = useState<Error | undefined>(undefined);

  async function submit<T>(body: unknown, send: (key: string) => Promise<T>): Promise<T | undefined> {
    const text = JSON.stringify(body);
    if (attempt.current?.body !== text) attempt.current = { body: text, key: newKey() };
    setSending("sending");
    setError(undefined);
    try {
      const reply = await send(attempt.current.key);
      attempt.current = undefined;
      setSending("sent");
      void queries.invalidateQueries({ queryKey: ["inbox"] });
      void queries.invalidateQueries({ queryKey: ["project", project] });
      return reply;
    } catch (failure) {
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
