import { describe, expect, it } from "vitest";
import { type Entry, KEPT, add, addPage, startAt } from "./cursor";

const entry = (seq: number): Entry => ({
  seq,
  at: "2026-11-30T00:00:00Z",
  kind: "entered",
  event: {},
  hash: String(seq),
});

/** Numbers that look random and are the same in each run. */
function* numbers(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state / 2_147_483_648;
  }
}

describe("a page that follows a journal", () => {
  it("has every entry once and in order, whatever the connection does", () => {
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const random = numbers(seed);
      const next = () => random.next().value as number;
      const journal = Array.from({ length: 60 }, (_, at) => entry(at + 1));
      // Some entries are lost, some come twice, and some come late.
      const sent = journal.flatMap((one) => {
        const luck = next();
        if (luck < 0.2) return [];
        return luck < 0.4 ? [one, one] : [one];
      });
      for (let at = 1; at < sent.length; at += 1) {
        const [before, after] = [sent[at - 1], sent[at]];
        if (next() < 0.2 && before && after) [sent[at - 1], sent[at]] = [after, before];
      }
      let log = startAt(0);
      for (const one of sent) {
        const step = add(log, one);
        log = step.log;
        // What is missing is read from the service, perhaps a part of it only.
        if (step.gap)
          log = addPage(log, journal.slice(log.seq, log.seq + 1 + Math.floor(next() * 9)));
      }
      log = addPage(log, journal.slice(log.seq));
      expect(log.entries.map((one) => one.seq)).toEqual(journal.map((one) => one.seq));
    }
  });

  it("does not join a page that does not follow", () => {
    const log = addPage(startAt(3), [entry(4), entry(5)]);
    expect(addPage(log, [entry(7), entry(8)])).toBe(log);
    expect(addPage(log, [entry(4), entry(5), entry(6)]).seq).toBe(6);
  });

  it("keeps the last entries only", () => {
    const page = Array.from({ length: KEPT + 10 }, (_, at) => entry(at + 1));
    const log = addPage(startAt(0), page);
    expect([log.entries.length, log.entries[0]?.seq, log.seq]).toEqual([KEPT, 11, KEPT + 10]);
  });
});
