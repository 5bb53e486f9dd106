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

/** A reply that is not what was asked for. `problem` is what the service says, if it said anything. */
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

type Reply<T> = { data?: T; error?: unknown; response: Response };

/** The body of a reply; anything else is thrown. */
export async function read<T>(asked: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>;
  try {
    reply = await asked;
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!reply.response.ok) {
    const problem = reply.error as Schemas["Problem"] | undefined;
    throw new Refused(reply.response.status, problem?.type ? problem : undefined);
  }
  return reply.data as T;
}

/** The header that lets a request be repeated without acting twice. */
export const once = (key: string) => ({ "Idempotency-Key": key });

/** A new key. `randomUUID` needs a secure context, which a plain HTTP address is not. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
