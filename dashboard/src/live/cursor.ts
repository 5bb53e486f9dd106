import type { Schemas } from "@/api/client";

export type Entry = Schemas["JournalEvent"];

/** How many entries a page keeps; older ones are read again when somebody asks for them. */
export const KEPT = 5_000;

/** What a page knows of a journal: its last entries, in order and without a gap. */
export type Log = {
  readonly entries: readonly Entry[];
  /** Number of the last entry. */
  readonly seq: number;
};

export type Step = { log: Log; gap: boolean };

/**
 * Adds an entry that has arrived. Entries may come twice, late, or after others were lost: one that
 * is known changes nothing, and one that leaves a gap is not added before the gap is read.
 */
export function add(log: Log, entry: Entry): Step {
  if (entry.seq <= log.seq) return { log, gap: false };
  if (entry.seq !== log.seq + 1) return { log, gap: true };
  return { log: joined(log, [entry]), gap: false };
}

/** Adds a page of entries that follows an entry which is known. */
export function addPage(log: Log, page: readonly Entry[]): Log {
  const news = page.filter((entry) => entry.seq > log.seq);
  const follows = news.every((entry, at) => entry.seq === log.seq + at + 1);
  return follows ? joined(log, news) : log;
}

/** A journal of which nothing before entry `seq` is shown. */
export const startAt = (seq: number): Log => ({ entries: [], seq });

function joined(log: Log, news: readonly Entry[]): Log {
  const last = news.at(-1);
  if (!last) return log;
  return { entries: [...log.entries, ...news].slice(-KEPT), seq: last.seq };
}
