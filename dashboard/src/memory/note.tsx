import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { Badge, Panel, type Tone } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { phaseName } from "@/shell/names";
import { type Say, ago, exact, useText } from "@/shell/text";

export type NoteRow = Schemas["NoteRow"];

/** A note of a crew: its words, how far it can be trusted, and where it comes from. */
export function Note({ note, children }: { note: NoteRow; children?: ReactNode }) {
  const t = useText();
  const { word, tone } = trust(t, note.trust);
  return (
    <li id={note.id}>
      <Panel className="flex flex-col gap-1 p-3 sm:p-3">
        <p className="flex flex-wrap items-center gap-2">
          <Badge tone="soft">{noteKind(t, note.kind)}</Badge>
          <Badge tone={tone}>{word}</Badge>
          {note.closed ? <Badge tone="bad">{closed(t, note.closed)}</Badge> : null}
          {note.shared ? <Badge>{t("shown to other engagements")}</Badge> : null}
          <span className="written font-medium">
            <Plain text={note.about} />
          </span>
        </p>
        <p className="written text-sm">
          <Plain text={note.text} />
        </p>
        {note.reason ? (
          <p className="written text-sm text-bad">
            <Plain text={note.reason} />
          </p>
        ) : null}
        <p className="text-xs text-muted">
          <Link to="/app/p/$id/memory" params={{ id: note.project }} className="underline">
            {note.project}
          </Link>
          {" · "}
          {[phaseName(note.phase), note.by, ...note.sources].join(" · ")}
          {" · "}
          <time dateTime={note.at} title={exact(note.at)}>
            {ago(note.at)}
          </time>
        </p>
        {children}
      </Panel>
    </li>
  );
}

/** Kinds of notes, in the order in which they are offered. */
export const KINDS = ["decision", "preference", "summary", "lesson"] as const;

export function noteKind(t: Say, kind: string): string {
  switch (kind) {
    case "decision":
      return t("Decision");
    case "preference":
      return t("Preference");
    case "summary":
      return t("Summary");
    case "lesson":
      return t("Lesson");
    default:
      return kind;
  }
}

function closed(t: Say, how: string): string {
  return how === "superseded" ? t("superseded") : t("withdrawn");
}

function trust(t: Say, name: string): { word: string; tone: Tone } {
  switch (name) {
    case "published":
      return { word: t("published"), tone: "good" };
    case "accepted":
      return { word: t("approved by a person"), tone: "good" };
    case "quoted":
      return { word: t("quoted from outside"), tone: "warn" };
    default:
      return { word: t("unreviewed"), tone: "warn" };
  }
}
