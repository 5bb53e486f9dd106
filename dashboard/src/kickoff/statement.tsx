import type { Schemas } from "@/api/client";
import { Notice } from "@/components/ui/parts";
import { Plain } from "@/content/plain";
import { type Say, useText } from "@/shell/text";

type Item = Schemas["StatementItem"];

/** A statement of work as it was read: the customer's own words, with their lines, and the gaps. */
export function Statement({ read }: { read: Schemas["Statement"] }) {
  const t = useText();
  const missing = read.sections.filter((section) => section.items.length === 0);
  return (
    <div className="flex flex-col gap-4">
      {read.title ? (
        <p className="text-lg">
          <Plain text={read.title} />
        </p>
      ) : null}
      {missing.length ? (
        <Notice>
          {t("Nothing found for: {sections}", {
            sections: missing.map((section) => sectionName(t, section.name)).join(", "),
          })}
        </Notice>
      ) : null}
      <Doubts title={t("Left open by the author; the crew will ask")} items={read.open_points} />
      <Doubts title={t("Contradictions; the crew will ask")} items={read.contradictions} />
      <Doubts
        title={t("Not in any section; the crew will be asked to read it")}
        items={read.unread}
      />
      {read.left_out.length || read.shortened.length ? (
        <Notice tone="bad">
          {t("Some parts were too long and were shortened or left out. Split the document.")}
        </Notice>
      ) : null}
      {read.sections
        .filter((section) => section.items.length > 0)
        .map((section) => (
          <details
            key={section.name}
            open={section.name === "requirements"}
            className="rounded-md border"
          >
            <summary className="cursor-pointer px-3 py-2 font-medium">
              {sectionName(t, section.name)}{" "}
              <span className="font-normal text-muted">({section.items.length})</span>
            </summary>
            <Items items={section.items} />
          </details>
        ))}
    </div>
  );
}

function Doubts({ title, items }: { title: string; items: Item[] }) {
  if (items.length === 0) return null;
  return (
    <div className="rounded-md border border-warn bg-warn-soft">
      <p className="px-3 pt-2 font-medium text-warn">{title}</p>
      <Items items={items} />
    </div>
  );
}

function Items({ items }: { items: Item[] }) {
  const t = useText();
  return (
    <ul className="flex flex-col gap-1 px-3 pb-3 text-sm">
      {items.map((item) => (
        <li key={`${item.id} ${item.line}`} className="flex gap-3">
          <span className="w-10 shrink-0 font-mono text-xs leading-6 text-muted">
            {item.number ?? item.id}
          </span>
          <span className="min-w-0">
            “<Plain text={item.text} />”{" "}
            <span className="text-muted">{t("line {n}", { n: item.line })}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function sectionName(t: Say, name: string): string {
  switch (name) {
    case "objectives":
      return t("Objectives");
    case "requirements":
      return t("Requirements");
    case "constraints":
      return t("Constraints");
    case "deliverables":
      return t("Deliverables");
    case "acceptance_criteria":
      return t("Acceptance criteria");
    case "timeline":
      return t("Timeline");
    default:
      return name;
  }
}
