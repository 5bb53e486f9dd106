import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { Request, Schemas } from "@/api/client";
import { Badge, Panel } from "@/components/ui/parts";
import { useText } from "@/shell/text";
import { fileWord } from "./changes";
import type { Viewed } from "./gate";

/** The files that a decision covers. */
export function Files(props: {
  request: Request;
  changes: Schemas["Since"] | undefined;
  viewed: Viewed;
  chosen: string | undefined;
  onToggle: (file: { path: string; oid?: string | null }) => void;
}) {
  const t = useText();
  const { request, changes, viewed, chosen, onToggle } = props;
  const files = changes?.files ?? request.subject.map((one) => ({ ...one, change: undefined }));
  const seen = request.subject.filter(({ path, oid }) => viewed[path] === oid).length;
  return (
    <Panel className="p-3 sm:p-3 lg:sticky lg:top-4" aria-labelledby="files">
      <h2 id="files" className="px-1 font-semibold">
        {t("Files")}{" "}
        <span className="text-sm font-normal text-muted">
          {t("{seen} of {all} viewed", { seen, all: request.subject.length })}
        </span>
      </h2>
      <ul className="mt-2 flex max-h-[60vh] flex-col gap-1 overflow-y-auto">
        {files.map((file) => {
          const isSeen =
            file.oid !== undefined && file.oid !== null && viewed[file.path] === file.oid;
          const name = file.path.split("/").at(-1) ?? file.path;
          return (
            <li
              key={file.path}
              className={`flex items-center gap-2 rounded-md px-1 py-1 ${chosen === file.path ? "bg-soft" : ""}`}
            >
              <button
                type="button"
                role="checkbox"
                aria-checked={isSeen}
                aria-label={t("Viewed: {path}", { path: file.path })}
                onClick={() => onToggle(file)}
                className="grid size-6 shrink-0 place-items-center rounded border border-control"
              >
                {isSeen ? <Check aria-hidden size={16} className="text-good" /> : null}
              </button>
              <Link
                from="/app/p/$id/review/$request"
                search={(now) => ({ ...now, file: file.path })}
                resetScroll={false}
                aria-current={chosen === file.path ? "true" : undefined}
                className="flex min-h-6 min-w-0 flex-1 flex-col"
              >
                <span className="truncate text-sm font-medium">{name}</span>
                <span className="truncate text-xs text-muted">{file.path}</span>
              </Link>
              {file.change && file.change !== "same" ? (
                <Badge tone={file.change === "gone" ? "bad" : "soft"}>
                  {fileWord(t, file.change)}
                </Badge>
              ) : null}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
