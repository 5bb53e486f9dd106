import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Inbox } from "@/inbox/page";
import { Broken, Layout, Nothing } from "./layout";

const root = createRootRoute({
  component: Layout,
  notFoundComponent: Nothing,
  errorComponent: ({ error }) => <Broken error={error} />,
});

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/app/inbox" });
  },
});

const app = createRoute({
  getParentRoute: () => root,
  path: "/app",
  beforeLoad: () => {
    throw redirect({ to: "/app/inbox" });
  },
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/app/inbox",
  validateSearch: (search): { kind?: string; q?: string } =>
    ({
      ...(text(search["kind"]) ? { kind: text(search["kind"]) } : {}),
      ...(text(search["q"]) ? { q: text(search["q"]) } : {}),
    }) as { kind?: string; q?: string },
  component: Inbox,
});

const kickoff = createRoute({
  getParentRoute: () => root,
  path: "/app/new",
  component: lazyRouteComponent(() => import("@/kickoff/page"), "Kickoff"),
});

const fleet = createRoute({
  getParentRoute: () => root,
  path: "/app/engagements",
  validateSearch: (search): { state?: string } =>
    (text(search["state"]) ? { state: text(search["state"]) } : {}) as { state?: string },
  component: lazyRouteComponent(() => import("@/fleet/page"), "Fleet"),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/app/settings",
  component: lazyRouteComponent(() => import("@/settings/page"), "Settings"),
});

const project = createRoute({
  getParentRoute: () => root,
  path: "/app/p/$id",
  component: lazyRouteComponent(() => import("@/engagement/frame"), "Frame"),
});

const overview = createRoute({
  getParentRoute: () => project,
  path: "/",
  validateSearch: (search): { at?: number } => {
    const at = Number(search["at"]);
    return Number.isInteger(at) && at > 0 ? { at } : {};
  },
  component: lazyRouteComponent(() => import("@/engagement/page"), "Overview"),
});

const review = createRoute({
  getParentRoute: () => project,
  path: "/review/$request",
  validateSearch: (search): { file?: string; since?: "approved" | "mine" | "base" } => {
    const since = search["since"];
    return {
      ...(text(search["file"]) ? { file: text(search["file"]) as string } : {}),
      ...(since === "approved" || since === "mine" || since === "base" ? { since } : {}),
    };
  },
  component: lazyRouteComponent(() => import("@/review/page"), "Review"),
});

const board = createRoute({
  getParentRoute: () => project,
  path: "/board",
  component: lazyRouteComponent(() => import("@/board/page"), "Board"),
});

const files = createRoute({
  getParentRoute: () => project,
  path: "/files",
  validateSearch: (
    search,
  ): { path?: string; oid?: string; view?: "read" | "source" | "history" } => {
    const view = search["view"];
    return {
      ...(text(search["path"]) ? { path: text(search["path"]) as string } : {}),
      ...(text(search["oid"]) ? { oid: text(search["oid"]) as string } : {}),
      ...(view === "read" || view === "source" || view === "history" ? { view } : {}),
    };
  },
  component: lazyRouteComponent(() => import("@/artifacts/page"), "Files"),
});

const chat = createRoute({
  getParentRoute: () => project,
  path: "/chat",
  component: lazyRouteComponent(() => import("@/chat/page"), "Chat"),
});

const ledger = createRoute({
  getParentRoute: () => project,
  path: "/ledger",
  component: lazyRouteComponent(() => import("@/ledger/page"), "Ledger"),
});

const cost = createRoute({
  getParentRoute: () => project,
  path: "/cost",
  component: lazyRouteComponent(() => import("@/cost/page"), "Cost"),
});

const audit = createRoute({
  getParentRoute: () => project,
  path: "/audit",
  component: lazyRouteComponent(() => import("@/audit/page"), "Audit"),
});

const survey = createRoute({
  getParentRoute: () => project,
  path: "/survey",
  component: lazyRouteComponent(() => import("@/survey/page"), "Survey"),
});

const projectNotes = createRoute({
  getParentRoute: () => project,
  path: "/memory",
  component: lazyRouteComponent(() => import("@/memory/project"), "ProjectNotes"),
});

const memory = createRoute({
  getParentRoute: () => root,
  path: "/app/memory",
  component: lazyRouteComponent(() => import("@/memory/page"), "Memory"),
});

const patterns = createRoute({
  getParentRoute: () => root,
  path: "/app/patterns",
  component: lazyRouteComponent(() => import("@/patterns/page"), "Patterns"),
});

const analytics = createRoute({
  getParentRoute: () => root,
  path: "/app/analytics",
  component: lazyRouteComponent(() => import("@/analytics/page"), "Analytics"),
});

const tree = root.addChildren([
  home,
  app,
  inbox,
  kickoff,
  fleet,
  memory,
  patterns,
  analytics,
  settings,
  project.addChildren([
    overview,
    review,
    board,
    files,
    chat,
    ledger,
    projectNotes,
    cost,
    audit,
    survey,
  ]),
]);

export function createAppRouter() {
  return createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
