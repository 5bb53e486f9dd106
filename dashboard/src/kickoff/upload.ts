import { Refused, Unreachable, type Schemas, api, newKey, once, read, refusal } from "@/api/client";

/** Largest file that the service takes, in bytes. */
export const LARGEST = 20 * 1024 * 1024;

/** Sends a file, and returns the id by which it is started from. `progress` is from 0 to 1. */
export async function upload(
  file: File,
  progress: (part: number) => void,
  stop: AbortSignal,
): Promise<string> {
  try {
    const reply = await send("/uploads", file, { "Idempotency-Key": newKey() }, progress, stop);
    return (JSON.parse(reply) as Schemas["Upload"]).upload;
  } catch (error) {
    // Where large requests are refused, the service says where the file goes instead.
    if (!(error instanceof Refused) || error.status !== 413) throw error;
  }
  const place = await read(
    api.POST("/uploads", { headers: once(newKey()), body: undefined as never }),
  );
  if (!("form" in place)) throw new Refused(413, undefined);
  const form = new FormData();
  for (const [name, value] of place.form.fields) form.append(String(name), String(value));
  form.append("file", file);
  await send(place.form.url, form, {}, progress, stop);
  return place.upload;
}

function send(
  url: string,
  body: File | FormData,
  headers: Record<string, string>,
  progress: (part: number) => void,
  stop: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (body instanceof File) request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      progress(total ? loaded / total : 0);
    });
    request.addEventListener("error", () => reject(new Unreachable("upload")));
    request.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve(request.responseText);
      let said: unknown;
      try {
        said = JSON.parse(request.responseText);
      } catch {
        said = undefined;
      }
      reject(refusal(request.status, said));
    });
    stop.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
