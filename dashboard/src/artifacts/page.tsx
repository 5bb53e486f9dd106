import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { Schemas } from "@/api/client";
import { artifacts, document, history, text } from "@/api/queries";
import { buttonLook } from "@/components/ui/button";
import { Badge, Notice, Panel, Title } from "@/components/ui/parts";
import { Blocks } from "@/content/blocks";
import { Source } from "@/content/source";
import { phaseName } from "@/shell/names";
import { Failed, Loaded } from "@/shell/loaded";
import { exact, useText } from "@/shell/text";

type Artifact = Schemas["ArtifactEntry"];

/** Endings of files that are shown as text. */
const TEXT =
  /(\.(md|txt|tf|hcl|tfvars|ya?ml|json|toml|sql|py|rs|ts|tsx|js|go|java|sh|mmd|csv|html|css|xml|cfg|ini|env|lock)|Dockerfile|Makefile|\.gitignore)$/i;

/** The files that the crew wrote. */
export function Files() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const search = useSearch({ from: "/app/p/$id/files" });
  const found = useQuery(artifacts(id));
  return (
    <div className="flex flex-col gap-4">
      <Title text={t("Files")} />
      <Loaded of={found}>
        {({ artifacts: all }) => {
          const file = all.find((one) => one.path === search.path);
          return (
            <div className="grid items-start gap-5 lg:grid-cols-[20rem_minmax(0,1fr)]">
              <Tree files={all} chosen={search.path} />
              {search.path ? (
                <One
                  key={`${search.path} ${search.oid ?? ""}`}
                  id={id}
                  path={search.path}
                  file={file}
                />
              ) : (
                <p className="text-muted">{t("Choose a file.")}</p>
              )}
            </div>
          );
        }}
      </Loaded>
    </div>
  );
}

function Tree({ files, chosen }: { files: Artifact[]; chosen: string | undefined }) {
  const t = useText();
  const phases = [...new Set(files.map((file) => file.phase))];
  if (files.length === 0)
    return <p className="text-muted">{t("The crew has written nothing yet.")}</p>;
  return (
    <Panel className="p-3 sm:p-3">
      {phases.map((phase) => (
        <section key={phase} aria-labelledby={`phase-${phase}`} className="mb-3">
          <h2 id={`phase-${phase}`} className="px-1 text-sm font-semibold text-muted">
            {phaseName(phase)}
          </h2>
          <ul>
            {files
              .filter((file) => file.phase === phase)
              .map((file) => (
                <li key={file.path}>
                  <Link
                    from="/app/p/$id/files"
                    search={{ path: file.path }}
                    aria-current={chosen === file.path ? "true" : undefined}
                    className={`block rounded px-1 py-1 font-mono text-sm hover:bg-soft ${chosen === file.path ? "bg-soft text-primary" : ""}`}
                  >
                    {file.path}
                  </Link>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </Panel>
  );
}

function One(props: { id: string; path: string; file: Artifact | undefined }) {
  const t = useText();
  const { id, path, file } = props;
  const search = useSearch({ from: "/app/p/$id/files" });
  const navigate = useNavigate({ from: "/app/p/$id/files" });
  const oid = search.oid ?? file?.oid;
  const isMarkdown = path.endsWith(".md");
  const view = search.view ?? (isMarkdown ? "read" : "source");
  if (!oid) return <Notice>{t("There is no file {path}.", { path })}</Notice>;
  const address = `/projects/${id}/artifacts/${encodeURIComponent(path)}?oid=${oid}`;
  const views = [
    ...(isMarkdown ? [{ name: "read" as const, label: t("Formatted") }] : []),
    { name: "source" as const, label: t("Source") },
    { name: "history" as const, label: t("History") },
  ];
  return (
    <Panel className="min-w-0 p-0 sm:p-0">
      <header className="flex flex-wrap items-center gap-2 border-b px-4 py-2">
        <h2 className="me-auto min-w-0 font-mono text-sm break-all">{path}</h2>
        {views.map(({ name, label }) => (
          <button
            key={name}
            type="button"
            aria-pressed={view === name}
            className={buttonLook("quiet", view === name ? "bg-soft text-primary" : "")}
            onClick={() => void navigate({ search: (now) => ({ ...now, view: name }) })}
          >
            {label}
          </button>
        ))}
        <a className={buttonLook("outline")} href={address} download={path.split("/").at(-1)}>
          {t("Download")}
        </a>
      </header>
      <div className="flex flex-col gap-3 p-4">
        {file ? (
          <p className="flex flex-wrap gap-2 text-sm">
            <Badge>{t("written by {agent}", { agent: file.owner })}</Badge>
            <Badge>
              {phaseName(file.phase)}, {t("run {n}", { n: file.revision })}
            </Badge>
            <span className="font-mono text-xs leading-6 text-muted">{oid.slice(0, 12)}</span>
          </p>
        ) : null}
        {search.oid && search.oid !== file?.oid ? (
          <Notice>
            {t("This is an older version.")}{" "}
            <Link from="/app/p/$id/files" search={{ path }} className="underline">
              {t("Show the latest version")}
            </Link>
          </Notice>
        ) : null}
        {view === "history" ? <Versions id={id} path={path} /> : null}
        {view === "read" && isMarkdown ? <Reading id={id} path={path} oid={oid} /> : null}
        {view === "source" ? <Raw id={id} path={path} oid={oid} /> : null}
      </div>
    </Panel>
  );
}

function Reading({ id, path, oid }: { id: string; path: string; oid: string }) {
  const t = useText();
  const found = useQuery(document(id, path, oid));
  if (found.isError && !found.data) return <Failed error={found.error} />;
  return (
    <Loaded of={found}>
      {(data) => (
        <>
          {data.cut ? <Notice>{t("This document is too long to show in full.")}</Notice> : null}
          <article
            className="written max-w-[46rem]"
            aria-label={t("{path}, written by the crew", { path })}
          >
            <Blocks blocks={data.blocks} at={{ path }} />
          </article>
        </>
      )}
    </Loaded>
  );
}

function Raw({ id, path, oid }: { id: string; path: string; oid: string }) {
  const t = useText();
  const isText = TEXT.test(path);
  const found = useQuery({ ...text(id, path, oid), enabled: isText });
  if (!isText) {
    return (
      <Notice>
        {t("This is not a text file, so it cannot be shown here. Download it to view it.")}
      </Notice>
    );
  }
  return <Loaded of={found}>{(data) => <Source path={path} text={data} />}</Loaded>;
}

function Versions({ id, path }: { id: string; path: string }) {
  const t = useText();
  const found = useQuery(history(id, path));
  return (
    <Loaded of={found}>
      {({ versions }) => (
        <ol className="flex flex-col divide-y">
          {versions.toReversed().map((version) => (
            <li
              key={version.seq}
              className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2 text-sm"
            >
              <time dateTime={version.at}>{exact(version.at)}</time>
              <span>{t("by {agent}", { agent: version.author })}</span>
              <span className="font-mono text-xs text-muted">{version.commit.slice(0, 12)}</span>
              {version.oid ? (
                <Link
                  from="/app/p/$id/files"
                  search={{ path, oid: version.oid }}
                  className="underline"
                >
                  {t("Show this version")}
                </Link>
              ) : (
                <Badge tone="bad">{t("removed")}</Badge>
              )}
              <Link
                to="/app/p/$id"
                params={{ id }}
                search={{ at: version.seq }}
                className="underline"
              >
                {t("Show in the log")}
              </Link>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}
