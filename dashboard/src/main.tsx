import "./style.css";
import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Refused } from "./api/client";
import { forgetDrafts } from "./shell/drafts";
import { preferences, show } from "./shell/preferences";
import { createAppRouter } from "./shell/routes";
import { beginSession, leaveTogether } from "./shell/session";
import { preferred, speak } from "./shell/text";

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      const isUnknown = error instanceof Refused && error.status === 401;
      if (isUnknown && query.queryKey[0] !== "me") {
        void queries.invalidateQueries({ queryKey: ["me"] });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // What the service refuses stays refused; what did not arrive may arrive the next time.
      retry: (failures, error) => {
        const isFinal = error instanceof Refused && error.status < 500 && error.status !== 429;
        return failures < 4 && !isFinal;
      },
      retryDelay: (failures) => Math.min(8_000, 400 * 2 ** failures),
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

async function start(): Promise<void> {
  show();
  forgetDrafts("old");
  leaveTogether();
  await Promise.all([speak(preferred(preferences().language)), beginSession()]);
  const root = document.getElementById("app");
  if (!root) return;
  createRoot(root).render(
    <StrictMode>
      <I18nProvider i18n={i18n}>
        <CSPProvider disableStyleElements>
          <QueryClientProvider client={queries}>
            <RouterProvider router={createAppRouter()} />
          </QueryClientProvider>
        </CSPProvider>
      </I18nProvider>
    </StrictMode>,
  );
}

void start();
