import { beforeAll, describe, expect, it } from "vitest";

let client: typeof import("./client");
beforeAll(async () => {
  Object.assign(globalThis, { location: { origin: "http://127.0.0.1" } });
  client = await import("./client");
});

describe("a refusal", () => {
  it("is what the service says of it", () => {
    const problem = { type: "urn:cloudcrew:decided", title: "x", status: 409, detail: "why" };
    const refused = client.refusal(409, problem);
    expect([refused.status, refused.kind, refused.message]).toEqual([409, "decided", "why"]);
  });

  it("of a gateway before the service means that nobody is logged in", () => {
    expect(client.refusal(403, { message: "Forbidden" }).status).toBe(401);
    const forbidden = { type: "urn:cloudcrew:forbidden", title: "x", status: 403, detail: "why" };
    expect(client.refusal(403, forbidden).status).toBe(403);
    expect(client.refusal(502, undefined).status).toBe(502);
  });
});
