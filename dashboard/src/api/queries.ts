import { queryOptions } from "@tanstack/react-query";
import { api, read } from "./client";

// Keys begin with what they are about, so that a new entry of a journal can name what it makes old.

export const config = queryOptions({
  queryKey: ["config"],
  queryFn: () => read(api.GET("/config.json")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const me = queryOptions({
  queryKey: ["me"],
  queryFn: () => read(api.GET("/me")),
  staleTime: 60_000,
});

export const inbox = queryOptions({
  queryKey: ["inbox"],
  queryFn: () => read(api.GET("/inbox", { params: { query: { limit: 200 } } })),
});

export const projects = (cursor?: string) =>
  queryOptions({
    queryKey: ["projects", cursor ?? ""],
    queryFn: () =>
      read(
        api.GET("/projects", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } }),
      ),
  });

/** Completed engagements of some workflows. */
export const completed = (workflows: string[]) =>
  queryOptions({
    queryKey: ["completed", ...workflows],
    queryFn: async () => {
      const query = { state: "done" as const, limit: 500 };
      const pages = workflows.map((workflow) =>
        read(api.GET("/projects", { params: { query: { ...query, workflow } } })),
      );
      return (await Promise.all(pages)).flatMap((page) => page.projects.map(({ id }) => id));
    },
  });

export const workflows = queryOptions({
  queryKey: ["workflows"],
  queryFn: () => read(api.GET("/workflows")),
});

const of = (id: string) => ({ params: { path: { id } } });

export const project = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "detail"],
    queryFn: () => read(api.GET("/projects/{id}", of(id))),
  });

export const requests = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "requests"],
    queryFn: () => read(api.GET("/projects/{id}/requests", of(id))),
  });

export const request = (id: string, name: string) =>
  queryOptions({
    queryKey: ["project", id, "requests", name],
    queryFn: () =>
      read(
        api.GET("/projects/{id}/requests/{request}", { params: { path: { id, request: name } } }),
      ),
  });

export type Since = "approved" | "mine" | "base";

export const changes = (id: string, name: string, digest: string, since?: Since) =>
  queryOptions({
    queryKey: ["project", id, "changes", name, digest, since ?? ""],
    queryFn: () =>
      read(
        api.GET("/projects/{id}/requests/{request}/changes", {
          params: { path: { id, request: name }, query: since ? { since } : {} },
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const remarks = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "remarks"],
    queryFn: () => read(api.GET("/projects/{id}/remarks", of(id))),
  });

export const artifacts = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "artifacts"],
    queryFn: () => read(api.GET("/projects/{id}/artifacts", of(id))),
  });

/** A version of a Markdown file, which never changes. */
export const document = (id: string, path: string, oid: string) =>
  queryOptions({
    queryKey: ["document", id, path, oid],
    queryFn: async () => {
      const params = { path: { id, path }, query: { as: "blocks" as const, oid } };
      const reply = await read(api.GET("/projects/{id}/artifacts/{path}", { params }));
      return reply as Exclude<typeof reply, number[]>;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A version of a text file, which never changes. */
export const text = (id: string, path: string, oid: string) =>
  queryOptions({
    queryKey: ["text", id, path, oid],
    queryFn: async () => {
      const params = { path: { id, path }, query: { oid } };
      const options = { params, parseAs: "text" as const };
      return String(await read(api.GET("/projects/{id}/artifacts/{path}", options)));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export const history = (id: string, path: string) =>
  queryOptions({
    queryKey: ["project", id, "history", path],
    queryFn: () =>
      read(api.GET("/projects/{id}/history", { params: { path: { id }, query: { path } } })),
  });

export const board = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "board"],
    queryFn: () => read(api.GET("/projects/{id}/board", of(id))),
  });

export const messages = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "messages"],
    queryFn: () => read(api.GET("/projects/{id}/messages", of(id))),
  });

export const ledger = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "ledger"],
    queryFn: () => read(api.GET("/projects/{id}/ledger", of(id))),
  });

export const cost = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "cost"],
    queryFn: () => read(api.GET("/projects/{id}/cost", of(id))),
  });

export const survey = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "survey"],
    queryFn: () => read(api.GET("/projects/{id}/survey", of(id))),
  });

export const projectNotes = (id: string) =>
  queryOptions({
    queryKey: ["project", id, "notes"],
    queryFn: () => read(api.GET("/projects/{id}/memory", of(id))),
  });

export const notes = (rehearsals: boolean, after?: string) =>
  queryOptions({
    queryKey: ["notes", rehearsals, after ?? ""],
    queryFn: () =>
      read(api.GET("/memory", { params: { query: { rehearsals, ...(after ? { after } : {}) } } })),
  });

export const patterns = queryOptions({
  queryKey: ["patterns"],
  queryFn: () => read(api.GET("/patterns")),
});

export const trend = (rehearsals: boolean) =>
  queryOptions({
    queryKey: ["trend", rehearsals],
    queryFn: () => read(api.GET("/analytics/trend", { params: { query: { rehearsals } } })),
  });

export const costs = (rehearsals: boolean) =>
  queryOptions({
    queryKey: ["costs", rehearsals],
    queryFn: () => read(api.GET("/analytics/cost", { params: { query: { rehearsals } } })),
  });
