import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Project = Schemas["ProjectDetail"];
export type ProjectRow = Schemas["ProjectRow"];
export type Request = Schemas["RequestDetail"];
export type OpenRequest = Schemas["OpenRequest"];
export type Block = Schemas["Block"];
export type Span = Schemas["Span"];

/** The client of the service that sent this page. The session is a cookie. */
export const api = createClient<paths>({ baseUrl: location.origin });

api.use({
  onResponse({ response }) {
    const there = Date.parse(response.headers.get("date") ?? "");
    // A header has whole seconds, and takes a moment to arrive.
    if (Math.abs(there - Date.now()) > 20_000) ahead = there - Date.now();
    else if (there) ahead = 0;
  },
});

/** A reply that is not what was asked for, with what the service says of it. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Schemas["Problem"] | undefined,
  ) {
    super(problem?.detail ?? `HTTP ${status}`);
  }

  /** The stable name of what went wrong: `decided`, `changed`, `unauthenticated`… */
  get kind(): string {
    return this.problem?.type.replace("urn:cloudcrew:", "") ?? "";
  }
}

/** The service did not answer. */
export class Unreachable extends Error {}

/** Why a request was refused. A gateway before the service says 403 to whoever is not logged in. */
export function refusal(status: number, said: unknown): Refused {
  const problem = said as Schemas["Problem"] | undefined;
  if (problem?.type) return new Refused(status, problem);
  return new Refused(status === 403 ? 401 : status, undefined);
}

/** How far the clock of the service is ahead of that of this browser, in milliseconds. */
let ahead = 0;

/** The time of the service, which counts: deadlines are its own. */
export const now = (): number => Date.now() + ahead;

type Reply<T> = { data?: T; error?: unknown; response: Response };

/** The body of a reply; anything else is thrown. */
export async function read<T>(asked: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>;
  try {
    reply = await asked;
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!reply.response.ok) throw refusal(reply.response.status, reply.error);
  return reply.data as T;
}

/** The header that lets a request be repeated without acting twice. */
export const once = (key: string) => ({ "Idempotency-Key": key });

/** A new key. `randomUUID` needs a secure context, which a plain HTTP address is not. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
