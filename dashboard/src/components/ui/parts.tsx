import type { ComponentProps, ReactNode } from "react";
import { useId } from "react";
import { classes } from "./styles";

export type Tone = "plain" | "good" | "bad" | "warn" | "soft";

const tones: Record<Tone, string> = {
  plain: "border-border text-muted",
  good: "border-transparent bg-good-soft text-good",
  bad: "border-transparent bg-bad-soft text-bad",
  warn: "border-transparent bg-warn-soft text-warn",
  soft: "border-transparent bg-soft text-primary",
};

/** A short word about something. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1 rounded-full border px-2 py-0.5 text-xs font-medium",
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}

/** A framed part of a page. */
export function Panel({ className, ...rest }: ComponentProps<"section">) {
  return (
    <section className={classes("rounded-lg border bg-surface p-4 sm:p-5", className)} {...rest} />
  );
}

/** Something that a person must know, announced when it appears. */
export function Notice({ tone = "warn", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={classes("rounded-md border px-3 py-2 text-sm", tones[tone])}
    >
      {children}
    </div>
  );
}

export function Field(props: {
  label: string;
  help?: string;
  children: (id: string, help: string | undefined) => ReactNode;
}) {
  const id = useId();
  const help = props.help ? `${id}-help` : undefined;
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {props.label}
      </label>
      {props.children(id, help)}
      {props.help ? (
        <p id={help} className="text-sm text-muted">
          {props.help}
        </p>
      ) : null}
    </div>
  );
}

const control =
  "w-full rounded-md border border-control bg-surface px-3 py-2 text-base sm:text-sm text-foreground";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input className={classes(control, className)} {...rest} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea className={classes(control, "min-h-24", className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={classes(control, className)} {...rest} />;
}

/** The main heading of a page, which also names its tab. */
export function Title({ children, text }: { children?: ReactNode; text: string }) {
  return (
    <>
      <title>{`${text} · CloudCrew`}</title>
      <h1 className="text-2xl font-semibold tracking-tight">{children ?? text}</h1>
    </>
  );
}

/** A table that scrolls by itself when it is too wide. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // A region that scrolls must be reachable by keyboard.
    <div className="overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
