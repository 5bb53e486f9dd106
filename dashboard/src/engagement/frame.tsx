import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { config, project } from "@/api/queries";
import { Badge } from "@/components/ui/parts";
import { stateName, stateTone } from "@/fleet/states";
import { Follow } from "@/live/feed";
import { Loaded } from "@/shell/loaded";
import { useText } from "@/shell/text";

/** The frame of an engagement: its name, its state and its pages. */
export function Frame() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const found = useQuery(project(id));
  const socket = useQuery(config).data?.websocket;
  const places = [
    { to: "/app/p/$id", name: t("Overview"), exact: true },
    { to: "/app/p/$id/board", name: t("Board") },
    { to: "/app/p/$id/files", name: t("Files") },
    { to: "/app/p/$id/chat", name: t("Chat") },
    { to: "/app/p/$id/ledger", name: t("Ledger") },
    { to: "/app/p/$id/memory", name: t("Notes") },
    { to: "/app/p/$id/cost", name: t("Cost") },
    { to: "/app/p/$id/audit", name: t("Audit") },
    { to: "/app/p/$id/survey", name: t("Survey") },
  ] as const;
  return (
    <Loaded of={found}>
      {(data) => (
        <Follow key={id} id={id} asOf={data.as_of} {...(socket ? { socket } : {})}>
          <div className="mb-5 flex flex-col gap-2 border-b pb-2">
            <p className="flex flex-wrap items-center gap-2">
              <Link to="/app/p/$id" params={{ id }} className="font-semibold">
                {id}
              </Link>
              <Badge tone={stateTone(data.state)}>{stateName(t, data.state)}</Badge>
              {data.rehearsal ? <Badge tone="warn">{t("REHEARSAL")}</Badge> : null}
              <span className="text-sm text-muted">{data.workflow}</span>
              {Object.entries(data.inputs).map(([name, value]) => (
                <span key={name} className="text-sm break-all text-muted">
                  {name}: {value}
                </span>
              ))}
            </p>
            <nav aria-label={t("Pages of this engagement")} className="flex flex-wrap gap-1">
              {places.map((place) => (
                <Link
                  key={place.to}
                  to={place.to}
                  params={{ id }}
                  activeOptions={{ exact: "exact" in place, includeSearch: false }}
                  activeProps={{ className: "bg-soft text-primary", "aria-current": "page" }}
                  className="rounded-md px-2.5 py-1 text-sm hover:bg-soft"
                >
                  {place.name}
                </Link>
              ))}
            </nav>
          </div>
          <Suspense fallback={<p className="text-muted">{t("Loading…")}</p>}>
            <Outlet />
          </Suspense>
        </Follow>
      )}
    </Loaded>
  );
}
