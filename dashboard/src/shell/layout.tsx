import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import {
  BookMarked,
  ChartColumn,
  Inbox as InboxIcon,
  Layers,
  Plus,
  Search,
  Settings as SettingsIcon,
  Shapes,
} from "lucide-react";
import { type ReactNode, Suspense, lazy, useEffect, useRef, useState } from "react";
import { Refused } from "@/api/client";
import { config, inbox, me } from "@/api/queries";
import { Button, buttonLook } from "@/components/ui/button";
import { Notice, Title } from "@/components/ui/parts";
import { FollowAll, useLink } from "@/live/feed";
import { ownDrafts } from "./drafts";
import { Failed } from "./loaded";
import { Login } from "./login";
import { useText } from "./text";

const Palette = lazy(() => import("./palette"));

/** The frame of every page: who is there, where to go, and whether the page is live. */
export function Layout() {
  const who = useQuery(me);
  const settings = useQuery(config);
  const isUnknown = who.error instanceof Refused && who.error.status === 401;
  const failed = [settings, who].find((query) => query.isError && !query.data);
  if (failed?.error && !(failed === who && isUnknown)) {
    return (
      <main className="mx-auto max-w-xl p-4">
        <Failed error={failed.error} again={() => void failed.refetch()} />
      </main>
    );
  }
  if (!settings.data) return null;
  if (isUnknown) return <Login login={settings.data.login ?? undefined} />;
  if (!who.data) return null;
  ownDrafts(who.data.name);
  return (
    <FollowAll {...(settings.data.websocket ? { socket: settings.data.websocket } : {})}>
      <Page version={settings.data.version} name={who.data.name} />
    </FollowAll>
  );
}

function Page({ version, name }: { version: string; name: string }) {
  const t = useText();
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const shown = useRef(path);
  const [palette, setPalette] = useState(false);

  // A new page is read from its beginning; a changed part of the same page is not.
  useEffect(() => {
    if (path === shown.current) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette(true);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  return (
    <div className="flex min-h-dvh flex-col md:flex-row">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:start-2 focus:top-2 focus:z-50 focus:rounded focus:bg-raised focus:px-3 focus:py-2"
      >
        {t("Skip to the content")}
      </a>
      <Rail name={name} onSearch={() => setPalette(true)} />
      <div className="flex min-w-0 flex-1 flex-col">
        <main
          id="main"
          ref={main}
          tabIndex={-1}
          className="mx-auto w-full max-w-7xl flex-1 px-4 py-5 outline-none sm:px-6"
        >
          <Suspense fallback={<p className="text-muted">{t("Loading…")}</p>}>
            <Outlet />
          </Suspense>
        </main>
        <StatusLine version={version} />
      </div>
      {palette ? (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}

function Rail({ name, onSearch }: { name: string; onSearch: () => void }) {
  const t = useText();
  const { data } = useQuery({ ...inbox, refetchInterval: 60_000 });
  const who = useQuery(me);
  const waiting = data?.requests.length ?? 0;
  return (
    <header className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b bg-surface px-3 py-2 md:sticky md:top-0 md:h-dvh md:w-56 md:shrink-0 md:flex-col md:items-stretch md:border-e md:border-b-0 md:p-4">
      <p className="me-auto flex items-center gap-2 font-semibold md:me-0 md:mb-4">
        <img src="/favicon.svg" alt="" width="24" height="24" />
        CloudCrew
      </p>
      <nav
        aria-label={t("Main")}
        className="order-last flex w-full flex-wrap gap-1 md:order-none md:flex-col"
      >
        <Place to="/app/inbox" icon={<InboxIcon aria-hidden size={18} />}>
          {t("Inbox")}
          {waiting > 0 ? (
            <span className="ms-auto rounded-full bg-primary px-2 text-xs text-on-primary">
              <span aria-hidden>{waiting}</span>
              <span className="sr-only">
                {t("{n, plural, one {# request waiting} other {# requests waiting}}", {
                  n: waiting,
                })}
              </span>
            </span>
          ) : null}
        </Place>
        <Place to="/app/engagements" icon={<Layers aria-hidden size={18} />}>
          {t("Engagements")}
        </Place>
        <Place to="/app/new" icon={<Plus aria-hidden size={18} />}>
          {t("New")}
        </Place>
        <Place to="/app/memory" icon={<BookMarked aria-hidden size={18} />}>
          {t("Memory")}
        </Place>
        <Place to="/app/patterns" icon={<Shapes aria-hidden size={18} />}>
          {t("Patterns")}
        </Place>
        {who.data?.operates ? (
          <Place to="/app/analytics" icon={<ChartColumn aria-hidden size={18} />}>
            {t("Analytics")}
          </Place>
        ) : null}
      </nav>
      <div className="flex items-center gap-1 md:mt-auto md:flex-col md:items-stretch">
        <Button look="quiet" onClick={onSearch} className="md:justify-start">
          <Search aria-hidden size={18} />
          <span className="sr-only md:not-sr-only">{t("Go to…")}</span>
          <kbd className="ms-auto hidden text-xs text-muted md:inline">Ctrl K</kbd>
        </Button>
        <Link to="/app/settings" className={buttonLook("quiet", "md:justify-start")}>
          <SettingsIcon aria-hidden size={18} />
          <span className="sr-only md:not-sr-only">{t("Settings")}</span>
          <span className="hidden truncate text-xs text-muted md:ms-auto md:inline">{name}</span>
        </Link>
      </div>
    </header>
  );
}

function Place(props: {
  to:
    | "/app/inbox"
    | "/app/engagements"
    | "/app/new"
    | "/app/memory"
    | "/app/patterns"
    | "/app/analytics";
  icon: ReactNode;
  children: ReactNode;
}) {
  return (
    <Link
      to={props.to}
      activeProps={{ className: "bg-soft text-primary", "aria-current": "page" }}
      className="flex min-h-9 flex-1 items-center justify-center gap-2 rounded-md px-2 py-1.5 text-sm font-medium whitespace-nowrap hover:bg-soft md:flex-none md:justify-start"
    >
      <span className="hidden sm:inline">{props.icon}</span>
      {props.children}
    </Link>
  );
}

function StatusLine({ version }: { version: string }) {
  const t = useText();
  const link = useLink();
  const words = {
    connecting: t("Connecting…"),
    live: t("Live"),
    offline: t("Live updates are interrupted: what you see may be out of date."),
    polling: t("Updated every few seconds"),
    ended: t("Your session has ended. Log in again; nothing you typed is lost."),
  };
  return (
    <footer className="flex flex-wrap items-center gap-x-4 border-t px-4 py-2 text-xs text-muted">
      <span role="status" className="inline-flex items-center gap-2">
        <span
          aria-hidden
          className={`size-2 rounded-full ${link === "offline" || link === "ended" ? "bg-bad" : "bg-good"}`}
        />
        {words[link]}
      </span>
      <span className="ms-auto">CloudCrew {version}</span>
    </footer>
  );
}

export function Nothing() {
  const t = useText();
  return (
    <div className="flex flex-col items-start gap-3">
      <Title text={t("Page not found")} />
      <Link to="/app/inbox" className={buttonLook("primary")}>
        {t("Go to inbox")}
      </Link>
    </div>
  );
}

/** A part of the page failed, or a new build replaced its files. */
export function Broken({ error }: { error: unknown }) {
  const t = useText();
  const why = error instanceof Error ? error.message : String(error);
  const isOld = /import|module|chunk/i.test(why);
  return (
    <div className="flex flex-col items-start gap-3 p-4">
      <Notice tone="bad">
        {isOld
          ? t("There is a new version of this page. Reload it; what you typed is kept.")
          : t("Something went wrong on this page: {why}", { why })}
      </Notice>
      <Button look="primary" onClick={() => location.reload()}>
        {t("Reload")}
      </Button>
    </div>
  );
}
