import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Request, Schemas } from "@/api/client";
import { cost } from "@/api/queries";
import { Badge, Notice } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { type Say, money, useText } from "@/shell/text";

type Since = Schemas["Since"];
type Section = Schemas["SectionChange"];

/** What is different, computed from the files and the journal. No model has written any of it. */
export function Changes(props: { id: string; request: Request; changes: Since }) {
  const t = useText();
  const { id, request, changes } = props;
  const spent = useQuery(cost(id)).data?.lines.filter((line) => line.phase === request.phase);
  const known = spent?.every((line) => typeof line.micro_usd === "number");
  const total = spent?.reduce((sum, line) => sum + (line.micro_usd ?? 0), 0);
  const changed = changes.files.filter((file) => file.change !== "same");
  const hidden = changes.files.reduce((sum, file) => sum + file.hidden, 0);
  const same = changes.files.length - changed.length;

  return (
    <div className="flex flex-col gap-4 text-sm">
      {request.findings.length ? (
        <div>
          <h3 className="mb-1 font-semibold text-bad">
            {t("The review left {n, plural, one {# finding} other {# findings}} open", {
              n: request.findings.length,
            })}
          </h3>
          <ul className="list-disc ps-5">
            {request.findings.map((finding) => (
              <li key={finding}>
                <Plain text={finding} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {request.notes.length ? (
        <div>
          <h3 className="mb-1 font-semibold">
            {t("Your approval also shows these notes to later engagements")}
          </h3>
          <ul className="list-disc ps-5">
            {request.notes.map((note) => (
              <li key={note.id} className="written">
                <span className="text-muted">{note.about}:</span> <Plain text={note.text} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {hidden > 0 ? (
        <Notice>
          {t(
            "{n, plural, one {# place contains} other {# places contain}} hidden text. It is made visible in the files.",
            { n: hidden },
          )}
        </Notice>
      ) : null}
      {changes.cut ? (
        <Notice>{t("Too large to compare in full: some changes may be missing here.")}</Notice>
      ) : null}
      <ul className="flex flex-col gap-2">
        {changed.map((file) => (
          <li key={file.path} className="flex flex-col gap-1">
            <p className="flex flex-wrap items-center gap-2">
              <Link
                from="/app/p/$id/review/$request"
                search={(now) => ({ ...now, file: file.path })}
                className="font-mono underline"
              >
                {file.path}
              </Link>
              <Badge tone={file.change === "gone" ? "bad" : "soft"}>
                {fileWord(t, file.change)}
              </Badge>
              {file.text ? (
                <span>
                  <span className="text-good">+{file.added}</span>{" "}
                  <span className="text-bad">−{file.removed}</span>
                </span>
              ) : null}
            </p>
            {file.sections.length ? (
              <ul className="flex flex-wrap gap-x-4 gap-y-1 ps-4 text-muted">
                {file.sections.slice(0, 30).map((section) => (
                  <li key={`${section.change} ${section.title}`}>
                    <SectionWord section={section} />
                  </li>
                ))}
                {file.sections.length > 30 ? (
                  <li>{t("and {n} more", { n: file.sections.length - 30 })}</li>
                ) : null}
              </ul>
            ) : null}
          </li>
        ))}
        {changed.length === 0 ? <li>{t("No file has changed.")}</li> : null}
        {same > 0 ? (
          <li className="text-muted">
            {t("{n, plural, one {# file is} other {# files are}} unchanged", { n: same })}
          </li>
        ) : null}
      </ul>
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2 xl:grid-cols-3">
        {changes.requirements > 0 ? (
          <Fact name={t("Requirements")}>
            <p>
              {t("{covered} of {all} are mentioned in these files", {
                covered: changes.covered,
                all: changes.requirements,
              })}
            </p>
            <Named title={t("newly mentioned")} list={changes.gained} />
            <Named title={t("no longer mentioned")} list={changes.lost} bad />
          </Fact>
        ) : null}
        {(["decision", "assumption", "blocker"] as const).map((kind) => {
          const notes = changes.notes.filter((note) => note.kind === kind);
          if (notes.length === 0) return null;
          return (
            <Fact key={kind} name={noteTitle(t, kind, notes.length)}>
              <ul className="list-disc ps-5">
                {notes.slice(0, 12).map((note) => (
                  <li key={note.title}>
                    <Plain text={note.title} /> <span className="text-muted">({note.author})</span>
                  </li>
                ))}
              </ul>
              {notes.length > 12 ? (
                <Link to="/app/p/$id/ledger" params={{ id }} className="underline">
                  {t("and {n} more", { n: notes.length - 12 })}
                </Link>
              ) : null}
            </Fact>
          );
        })}
        {typeof total === "number" && spent?.length ? (
          <Fact name={t("Cost of this phase so far")}>
            {known
              ? money(total)
              : t("at least {cost}; some prices are unknown", { cost: money(total) })}
          </Fact>
        ) : null}
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="font-semibold">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Named(props: { title: string; list: Schemas["Requirement"][]; bad?: boolean }) {
  const { title, list, bad } = props;
  if (list.length === 0) return null;
  return (
    <details open={bad === true}>
      <summary className={`cursor-pointer ${bad ? "text-bad" : ""}`}>
        {title}: {list.map((one) => one.id).join(", ")}
      </summary>
      <ul className="ps-4">
        {list.map((one) => (
          <li key={one.id}>
            <span className="font-mono">{one.id}</span> <Plain text={one.text} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function SectionWord({ section }: { section: Section }) {
  const t = useText();
  const title = section.title || t("(before the first heading)");
  const looks = { added: "text-good", removed: "text-bad", rewritten: "text-foreground" };
  const words = { added: t("new"), removed: t("gone"), rewritten: t("rewritten") };
  return (
    <span className={looks[section.change]}>
      <Plain text={title} /> <span className="text-muted">({words[section.change]})</span>
    </span>
  );
}

export function fileWord(t: Say, change: Schemas["FileState"]): string {
  switch (change) {
    case "new":
      return t("new");
    case "changed":
      return t("changed");
    case "gone":
      return t("gone");
    case "same":
      return t("unchanged");
  }
}

function noteTitle(t: Say, kind: "decision" | "assumption" | "blocker", n: number): string {
  switch (kind) {
    case "decision":
      return t("{n, plural, one {# new decision} other {# new decisions}}", { n });
    case "assumption":
      return t("{n, plural, one {# new assumption} other {# new assumptions}}", { n });
    case "blocker":
      return t("{n, plural, one {# new blocker} other {# new blockers}}", { n });
  }
}
