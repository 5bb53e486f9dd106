import { type Server, type Socket, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Person, closed } from "./browser";
import { OPERATOR, STATEMENT, Service } from "./service";

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await closed();
  await service.stop();
});

/** How often the connection breaks; the longer mode breaks it 1,000 times. */
const CUTS = Number(process.env["CLOUDCREW_CUTS"] ?? "20");
/** Longest time that this may take, in milliseconds. */
const PATIENCE = 60_000 + 200 * CUTS;

/** A way to the service that can be cut. */
class Wire {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(url: string): Promise<Wire> {
    const goal = new URL(url);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const wire = new Wire(server, `http://127.0.0.1:${port}`);
    server.on("connection", (near) => {
      const far = connect(Number(goal.port), goal.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        wire.sockets.add(one);
        one.pipe(other);
        one.on("error", () => undefined);
        one.on("close", () => {
          wire.sockets.delete(one);
          other.destroy();
        });
      }
    });
    return wire;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe("a page whose connection breaks", () => {
  it(
    "shows every entry once and in order, and does not jump",
    async () => {
      await service.begin("cuts", STATEMENT);
      await service.waiting("cuts");
      const wire = await Wire.to(service.url);
      const ada = await Person.arrives({ ...service, url: wire.url } as Service);
      const { page } = ada;
      await page.goto(`${wire.url}/app/p/cuts`);
      await page.getByLabel("Level of detail").selectOption("all");
      const pane = page.getByRole("log");
      await pane.getByText("Discovery is waiting for approval").waitFor();

      // Someone who reads older lines is not moved while new ones arrive.
      await pane.hover();
      await page.mouse.wheel(0, -100_000);
      await page.getByRole("button", { name: "Jump to the end" }).waitFor();
      for (let cut = 0; cut < CUTS; cut += 1) {
        wire.cut();
        await service.ask("POST", "/projects/cuts/message", { text: `Message ${cut}` });
        await page.waitForTimeout(30);
      }
      wire.cut();
      await expect
        .poll(() => page.getByText(/^Live$/).count(), { timeout: 40_000 })
        .toBeGreaterThan(0);
      expect(await pane.evaluate((box) => box.scrollTop)).toBe(0);

      // Scrolled through from top to bottom, the log has every message once, in order.
      const last = `wrote: Message ${CUTS - 1}`;
      await expect
        .poll(async () => (await everything(pane)).some((line) => line.endsWith(last)), {
          timeout: 20_000,
        })
        .toBe(true);
      const said = (await everything(pane)).flatMap(
        (line) => /wrote: Message (\d+)$/.exec(line)?.[1] ?? [],
      );
      // A page keeps a bounded number of entries, so the first messages of many may be gone.
      const first = CUTS - said.length;
      expect(said.map(Number)).toEqual(Array.from({ length: said.length }, (_, at) => first + at));
      expect(said.length).toBeGreaterThan(Math.min(CUTS - 1, 400));
      await ada.leaves();
      wire.close();
    },
    PATIENCE,
  );

  it("goes on where it was when the service comes back", async () => {
    await service.begin("restart", STATEMENT);
    const open = await service.waiting("restart");
    const ada = await Person.arrives(service);
    const { page } = ada;
    await ada.goes("/app/p/restart");
    await page.getByText("Discovery is waiting for approval").waitFor();
    await service.kill();
    await page.getByText(/Live updates are interrupted/).waitFor();
    await service.again();
    await service.ask("POST", "/projects/restart/approve", {
      request: open?.["id"],
      digest: open?.["digest"],
    });
    // A new process knows no sessions.
    await page.getByLabel("Token").waitFor({ timeout: 45_000 });
    await page.getByLabel("Token").fill(OPERATOR);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("Architecture is waiting for approval").waitFor({ timeout: 20_000 });
    await page.getByText(/^Live$/).waitFor();
    expect(page.url()).toBe(`${service.url}/app/p/restart`);
    await ada.leaves();
  });
});

type Pane = ReturnType<Person["page"]["getByRole"]>;

/** All lines as they are shown, from the first row to the last. */
async function everything(pane: Pane): Promise<string[]> {
  const lines: string[] = [];
  for (let top = 0; ; top += 200) {
    const { end, found } = await pane.evaluate(async (box, at) => {
      box.scrollTop = at;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const rows = [...box.querySelectorAll<HTMLElement>("[data-index]")];
      const seen = rows.map(
        (row) => [Number(row.dataset["index"]), row.textContent ?? ""] as const,
      );
      return { end: box.scrollTop + box.clientHeight >= box.scrollHeight - 2, found: seen };
    }, top);
    for (const [index, text] of found) lines[index] = text;
    if (end) return lines;
  }
}

describe("a page that is refused something", () => {
  it("says what is wrong, and keeps every word", async () => {
    await service.begin("refused", STATEMENT);
    await service.waiting("refused");
    const ada = await Person.arrives(service);
    const { page } = ada;
    const reply = (status: number, type: string, detail: string) => ({
      status,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: `urn:cloudcrew:${type}`, title: "x", status, detail }),
    });
    const faults = [
      {
        reply: reply(409, "changed", "changed"),
        says: /files changed while you were reading/,
      },
      { reply: reply(429, "busy", "slow down"), says: /Too many requests/ },
      { reply: reply(500, "fault", "a fault"), says: /Something went wrong in the service/ },
      { reply: reply(503, "unavailable", "try later"), says: /The service is busy/ },
      { reply: undefined, says: /cannot be reached/ },
    ];
    await ada.goes("/app/p/refused/review/discovery-1");
    await page.getByLabel("Your feedback to the crew").fill("Every word counts.");
    const keys: (string | undefined)[] = [];
    for (const fault of faults) {
      await page.route("**/projects/refused/revise", async (route) => {
        keys.push((await route.request().headerValue("idempotency-key")) ?? undefined);
        if (fault.reply) await route.fulfill(fault.reply);
        else await route.abort();
      });
      await page.getByRole("button", { name: "Request changes" }).click();
      await page.getByRole("button", { name: "Yes, send it back" }).click();
      await page.getByText(fault.says).first().waitFor();
      expect(await page.getByLabel("Your feedback to the crew").inputValue()).toBe(
        "Every word counts.",
      );
      await page.unroute("**/projects/refused/revise");
    }
    // A clear refusal ends an attempt; without one, the same words are the same attempt.
    expect(keys[1]).not.toBe(keys[0]);
    expect(new Set(keys.slice(1)).size).toBe(1);
    await page.getByRole("button", { name: "Request changes" }).click();
    await page.getByRole("button", { name: "Yes, send it back" }).click();
    await page.getByText("requested changes on").waitFor();
    await ada.leaves();
  });

  it("is right about time when the clock of the person is not", async () => {
    await service.begin("late", STATEMENT);
    await service.waiting("late");
    const ada = await Person.arrives(service);
    await ada.page.clock.install({ time: Date.now() + 3_600_000 });
    await ada.goes("/app/p/late");
    // The engagement was worked on a moment ago, whatever the clock of the person says.
    await ada.page.getByText(/last activity (this minute|[12] minutes? ago)/).waitFor();
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});
