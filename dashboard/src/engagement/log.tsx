import { useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Panel, Select } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { useFeed } from "@/live/feed";
import { type Sentence, type Weight, sentence } from "./sentences";
import { clock, exact, useText } from "@/shell/text";

type Line = Sentence & { seq: number; at: string };

const shown: Record<string, Weight[]> = {
  steps: ["step"],
  news: ["step", "news"],
  all: ["step", "news", "detail"],
};

/** The journal in plain words, as it grows. */
export function JournalLog({ id }: { id: string }) {
  const t = useText();
  const { log, readBefore } = useFeed();
  const { at } = useSearch({ from: "/app/p/$id/" });
  const navigate = useNavigate({ from: "/app/p/$id" });
  const [level, setLevel] = useState("news");
  const [agent, setAgent] = useState("");
  const [follows, setFollows] = useState(true);
  const pane = useRef<HTMLDivElement>(null);
  const touched = useRef(0);
  const moved = () => {
    touched.current = Date.now();
  };

  const lines = useMemo(() => {
    const entries = (log?.entries ?? []).filter((entry) => !at || entry.seq <= at);
    return entries.flatMap((entry): Line[] => {
      const said = sentence(t, entry);
      return said ? [{ ...said, seq: entry.seq, at: entry.at }] : [];
    });
  }, [log, at, t]);
  const agents = useMemo(
    () =>
      [...new Set(lines.map((line) => line.agent).filter((name) => name !== undefined))].toSorted(),
    [lines],
  );
  const found = lines.filter(
    (line) => shown[level]?.includes(line.weight) && (!agent || line.agent === agent),
  );
  const first = log?.entries[0]?.seq ?? 1;

  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => pane.current,
    estimateSize: () => 44,
    overscan: 12,
    getItemKey: (index) => found[index]?.seq ?? index,
  });

  const last = found.at(-1)?.seq;
  useEffect(() => {
    if (follows && last !== undefined) rows.scrollToIndex(found.length - 1, { align: "end" });
    // Only another last line, or another filter, moves the pane.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [follows, last, found.length]);

  return (
    <Panel aria-labelledby="log" className="p-0 sm:p-0">
      <header className="flex flex-wrap items-center gap-2 border-b px-4 py-2">
        <h2 id="log" className="me-auto font-semibold">
          {t("Log")}{" "}
          <span className="text-sm font-normal text-muted">
            {t("{shown} of {all} lines", { shown: found.length, all: lines.length })}
          </span>
        </h2>
        <Select
          aria-label={t("Level of detail")}
          className="w-auto py-1"
          value={level}
          onChange={({ target }) => setLevel(target.value)}
        >
          <option value="steps">{t("Milestones")}</option>
          <option value="news">{t("Milestones and updates")}</option>
          <option value="all">{t("Everything")}</option>
        </Select>
        <Select
          aria-label={t("Agent")}
          className="w-auto py-1"
          value={agent}
          onChange={({ target }) => setAgent(target.value)}
        >
          <option value="">{t("All agents")}</option>
          {agents.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Select>
      </header>
      {at ? (
        <p className="flex flex-wrap items-center gap-2 border-b bg-warn-soft px-4 py-2 text-sm text-warn">
          {t("Showing the log as of entry {seq}.", { seq: at })}
          <Button onClick={() => void navigate({ to: ".", search: {} })}>
            {t("Back to live")}
          </Button>
        </p>
      ) : null}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={pane}
        role="log"
        aria-live="off"
        aria-label={t("Log of {id}", { id })}
        // A region that scrolls must be reachable by keyboard.
        tabIndex={0}
        className="h-[28rem] overflow-y-auto"
        onWheel={moved}
        onTouchMove={moved}
        onPointerDown={moved}
        onKeyDown={moved}
        onScroll={({ currentTarget: box }) => {
          const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
          // Lines that change their height scroll the pane, too: only a person stops it.
          if (isAtEnd) setFollows(true);
          else if (Date.now() - touched.current < 1_000) setFollows(false);
        }}
      >
        {first > 1 ? (
          <div className="p-2 text-center">
            <Button look="quiet" onClick={() => void readBefore()}>
              {t("Earlier entries")}
            </Button>
          </div>
        ) : null}
        <ol className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = found[row.index];
            if (!line) return null;
            return (
              <li
                key={row.key}
                ref={rows.measureElement}
                data-index={row.index}
                data-seq={line.seq}
                className={`absolute inset-x-0 top-0 flex gap-3 px-4 py-1.5 text-sm ${line.weight === "step" ? "border-t font-semibold" : ""} ${line.weight === "detail" ? "text-muted" : ""}`}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <button
                  type="button"
                  className="min-h-6 shrink-0 font-mono text-xs text-muted hover:underline"
                  title={exact(line.at)}
                  onClick={() => void navigate({ to: ".", search: { at: line.seq } })}
                >
                  {clock(line.at)}
                  <span className="sr-only">
                    {" "}
                    {t("Show the log as of entry {seq}", { seq: line.seq })}
                  </span>
                </button>
                <span className="written min-w-0">
                  <Plain text={line.text} />
                </span>
              </li>
            );
          })}
        </ol>
      </div>
      {follows || at ? null : (
        <div className="border-t p-2 text-center">
          <Button onClick={() => setFollows(true)}>{t("Jump to the end")}</Button>
        </div>
      )}
    </Panel>
  );
}
