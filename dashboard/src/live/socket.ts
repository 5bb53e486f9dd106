import { Refused, api, newKey, once, read } from "@/api/client";
import type { Entry } from "./cursor";

/** What a connection says. */
export type Message =
  | ({ project: string } & Entry)
  | { project: string; agent: string; message?: string; text?: string }
  | { project: string; gone: true };

export type Link = "connecting" | "live" | "offline" | "polling" | "ended";

type Listener = {
  onMessage: (message: Message) => void;
  onLink: (link: Link) => void;
};

/** Longest wait before a connection is tried again. */
const LONGEST = 30_000;
/** How often to read where no connection can stay open. */
const POLL = 3_000;

/**
 * A WebSocket that comes back. `after` says for each engagement how far this page has read, so that
 * a new connection continues there. Each connection needs a new ticket, which is used once.
 */
export class Socket {
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private connecting = false;
  private ended = false;

  constructor(
    private readonly address: string | undefined,
    private readonly projects: string[] | "all",
    private readonly after: () => Map<string, number>,
    private readonly listener: Listener,
  ) {
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    if (address) void this.connect();
    else this.poll();
  }

  close(): void {
    this.ended = true;
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Tries again at once when there is reason to hope. */
  private readonly hurry = () => {
    if (
      this.ended ||
      this.socket ||
      this.connecting ||
      document.visibilityState === "hidden" ||
      !this.address
    )
      return;
    clearTimeout(this.timer);
    this.tries = 0;
    void this.connect();
  };

  private async connect(): Promise<void> {
    if (this.connecting || this.ended) return;
    this.connecting = true;
    this.listener.onLink(this.tries === 0 ? "connecting" : "offline");
    try {
      const body = { projects: this.projects };
      const header = once(newKey());
      const { ticket } = await read(api.POST("/tickets", { body, headers: header }));
      if (this.ended) return;
      this.open(ticket);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        this.listener.onLink("ended");
        return;
      }
      this.again();
    } finally {
      this.connecting = false;
    }
  }

  private open(ticket: string): void {
    const url = new URL(this.address ?? "/ws", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("ticket", ticket);
    const after = [...this.after()].slice(0, 100).map(([id, seq]) => `${id}:${seq}`);
    if (after.length) url.searchParams.set("after", after.join(","));
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.tries = 0;
      this.listener.onLink("live");
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.socket !== socket) return;
      let message: Message;
      try {
        message = JSON.parse(String(data)) as Message;
      } catch {
        return;
      }
      this.listener.onMessage(message);
    });
    socket.addEventListener("close", () => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.again();
    });
  }

  private again(): void {
    if (this.ended) return;
    this.tries += 1;
    this.listener.onLink("offline");
    const most = Math.min(LONGEST, 500 * 2 ** Math.min(this.tries, 10));
    this.timer = setTimeout(() => void this.connect(), Math.random() * most);
  }

  /** Where the deployment has no live events, each engagement is asked for what is new. */
  private poll(): void {
    if (this.ended) return;
    const round = async () => {
      try {
        for (const [id, seq] of this.after()) {
          const params = { path: { id }, query: { after: seq, limit: 500 } };
          const page = await read(api.GET("/projects/{id}/events", { params }));
          for (const entry of page.events) this.listener.onMessage({ project: id, ...entry });
        }
        this.listener.onLink("polling");
      } catch (error) {
        const isUnknown = error instanceof Refused && error.status === 401;
        this.listener.onLink(isUnknown ? "ended" : "offline");
        if (isUnknown) return;
      }
      if (!this.ended) this.timer = setTimeout(() => void round(), POLL);
    };
    void round();
  }
}
