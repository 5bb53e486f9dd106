import { api, once, read } from "@/api/client";
import { useSubmit } from "@/shell/submit";

/** Sends the answer to a request; `sent` is called once it is recorded. */
export function useAnswer(id: string, request: string, sent: () => void) {
  const { submit, sending, error } = useSubmit(id, `answer.${request}`);
  const answer = async (words: string) => {
    const body = { answer: words };
    const reply = await submit(body, (key) =>
      read(
        api.POST("/projects/{id}/interrupt/{request}/respond", {
          params: { path: { id, request } },
          headers: once(key),
          body,
        }),
      ),
    );
    if (reply) sent();
  };
  return { answer, isSending: sending === "sending", error };
}
