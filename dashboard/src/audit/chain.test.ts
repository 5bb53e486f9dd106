import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type AuditEntry, broken } from "./chain";

/** A journal whose hashes are made with another library. */
function journal(many: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= many; seq += 1) {
    const entry = { seq, at: 1_790_000_000_000 + seq, kind: "entered", payload: `{"ü":${seq}}` };
    const hash = createHash("sha256");
    for (const part of [
      entries.at(-1)?.hash ?? "",
      String(seq),
      String(entry.at),
      entry.kind,
      entry.payload,
    ]) {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(8);
      length.writeBigUInt64BE(BigInt(bytes.length));
      hash.update(length).update(bytes);
    }
    entries.push({ ...entry, hash: hash.digest("hex") });
  }
  return entries;
}

describe("the chain of a journal", () => {
  it("is whole when nothing was changed", async () => {
    expect(await broken(journal(20))).toBeUndefined();
  });

  it("breaks where an entry was changed, left out or moved", async () => {
    const entries = journal(20);
    const changed = entries.map((one) => (one.seq === 7 ? { ...one, payload: "{}" } : one));
    expect((await broken(changed))?.seq).toBe(7);
    expect((await broken(entries.filter((one) => one.seq !== 7)))?.seq).toBe(8);
    expect((await broken([...entries.slice(0, 6), ...entries.slice(6).toReversed()]))?.seq).toBe(
      20,
    );
  });
});
