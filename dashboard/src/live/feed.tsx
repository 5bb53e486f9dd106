import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { api, read } from "@/api/client";
import { type Entry, type Log, add, addPage, startAt } from "./cursor";
import { type Link, type Message, Socket } from "./socket";
import { concernsInbox, madeOld } from "./stale";

/** How long changes are collected before what they make old is read again, in milliseconds. */
const COLLECT = 150;
/** Entries of the past that are read when a log is opened. */
const PAST = 300;

/** What agents say while they speak, by agent or message. It is not recorded. */
export type Words = ReadonlyMap<string, string>;

export type Feed = {
  link: Link;
  log: Log | undefined;
  words: Words;
  /** Reads entries before the first one that is shown. */
  readBefore: () => Promise<void>;
};

const Following = createContext<Feed | undefined>(undefined);
const Shell = createContext<Link>("connecting");

/** The engagement that the page follows. */
export const useFeed = (): Feed => {
  const feed = useContext(Following);
  if (!feed) throw new Error("not below an engagement");
  return feed;
};

/** The connection of the whole dashboard. */
export const useLink = (): Link => useContext(Shell);

/** Follows all engagements, for lists. */
export function FollowAll({ socket, children }: { socket?: string; children: ReactNode }) {
  const queries = useQueryClient();
  const [link, setLink] = useState<Link>("connecting");
  useEffect(() => {
    const seen = new Map<string, number>();
    const collect = collector(() => {
      void queries.invalidateQueries({ queryKey: ["inbox"] });
      void queries.invalidateQueries({ queryKey: ["projects"] });
    });
    const live = new Socket(socket, "all", () => seen, {
      onLink: (now) => {
        setLink(now);
        // Whoever is not known any more is asked to log in.
        if (now === "ended") void queries.invalidateQueries({ queryKey: ["me"] });
        // What happened without a connection is in no message.
        if (now === "live" || now === "polling") collect.add("");
      },
      onMessage: (message) => {
        if (!("seq" in message)) return;
        seen.set(message.project, Math.max(message.seq, seen.get(message.project) ?? 0));
        if (concernsInbox(message.kind) || message.kind === "entered") collect.add("");
      },
    });
    return () => {
      live.close();
      collect.stop();
    };
  }, [queries, socket]);
  return <Shell.Provider value={link}>{children}</Shell.Provider>;
}

/** Follows one engagement, entry by entry. */
export function Follow(props: { id: string; socket?: string; asOf: number; children: ReactNode }) {
  const { id, socket, asOf, children } = props;
  const queries = useQueryClient();
  const [link, setLink] = useState<Link>("connecting");
  const [log, setLog] = useState<Log | undefined>(undefined);
  const [words, setWords] = useState<Words>(new Map());
  // The past is read once; later entries come by themselves.
  const [first] = useState(asOf);
  const known = useRef<Log | undefined>(undefined);

  useEffect(() => {
    known.current = undefined;
    let shown = false;
    const early: Entry[] = [];
    let reading = false;
    const spoken = new Map<string, string>();
    const show = () => {
      if (shown) return;
      shown = true;
      requestAnimationFrame(() => {
        shown = false;
        setLog(known.current);
        setWords(new Map(spoken));
      });
    };
    const collect = collector((parts) => {
      for (const part of parts) {
        if (part === "inbox") void queries.invalidateQueries({ queryKey: ["inbox"] });
        else void queries.invalidateQueries({ queryKey: ["project", id, part] });
      }
    });
    const tell = (entry: Entry) => {
      for (const part of madeOld(entry.kind)) collect.add(part);
      if (concernsInbox(entry.kind)) collect.add("inbox");
      if (entry.kind === "swarm_input" || entry.kind === "replied") spoken.clear();
    };
    const fill = async () => {
      if (reading) return;
      reading = true;
      try {
        for (;;) {
          const from: Log = known.current ?? startAt(Math.max(0, first - PAST));
          const query = { after: from.seq, limit: 500 };
          const params = { path: { id }, query };
          const page = await read(api.GET("/projects/{id}/events", { params }));
          if (known.current) page.events.filter((entry) => entry.seq > from.seq).forEach(tell);
          let grown = addPage(from, page.events);
          for (const entry of early.splice(0)) grown = add(grown, entry).log;
          known.current = grown;
          show();
          if (grown.seq >= page.as_of || page.events.length === 0) break;
        }
      } catch {
        // The next entry, or the next connection, tries again.
      } finally {
        reading = false;
      }
    };
    const onMessage = (message: Message) => {
      if (message.project !== id || "gone" in message) return;
      if (!("seq" in message)) {
        const key = message.message ?? message.agent;
        if (message.text === undefined) spoken.delete(key);
        else spoken.set(key, ((spoken.get(key) ?? "") + message.text).slice(-20_000));
        show();
        return;
      }
      if (!known.current || reading) {
        if (early.length < PAST) early.push(message);
        tell(message);
        void fill();
        return;
      }
      const step = add(known.current, message);
      if (step.gap) void fill();
      else if (step.log !== known.current) tell(message);
      known.current = step.log;
      show();
    };
    const after = () => new Map([[id, known.current?.seq ?? first]]);
    const live = new Socket(socket, [id], after, {
      onLink: (now) => {
        setLink(now);
        if (now === "live") void fill();
      },
      onMessage,
    });
    void fill();
    return () => {
      live.close();
      collect.stop();
    };
  }, [id, socket, first, queries]);

  const feed = useMemo<Feed>(
    () => ({
      link,
      log,
      words,
      readBefore: async () => {
        const oldest = known.current?.entries[0]?.seq ?? 1;
        if (oldest <= 1) return;
        const from = Math.max(0, oldest - 1 - PAST);
        const query = { after: from, limit: oldest - 1 - from };
        const params = { path: { id }, query };
        const page = await read(api.GET("/projects/{id}/events", { params }));
        const now = known.current;
        if (now?.entries[0]?.seq !== oldest) return;
        known.current = { entries: [...page.events, ...now.entries], seq: now.seq };
        setLog(known.current);
      },
    }),
    [id, link, log, words],
  );
  return <Following.Provider value={feed}>{children}</Following.Provider>;
}

/** Collects names for a moment, and passes them on together. */
function collector(pass: (names: string[]) => void) {
  const names = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    add(name: string) {
      names.add(name);
      timer ??= setTimeout(() => {
        timer = undefined;
        const all = [...names];
        names.clear();
        pass(all);
      }, COLLECT);
    },
    stop: () => clearTimeout(timer),
  };
}
