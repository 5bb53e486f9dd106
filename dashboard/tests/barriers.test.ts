import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Page } from "playwright-core";
import { Person, barriers, closed } from "./browser";
import { OPERATOR, STATEMENT, Service } from "./service";

let service: Service;
let routes: string[];

beforeAll(async () => {
  service = await Service.start();
  await service.begin("asks", STATEMENT);
  await service.waiting("asks");
  await service.begin("decided", STATEMENT);
  const open = await service.waiting("decided");
  const body = { request: open?.["id"], digest: open?.["digest"], words: "Shorter, please." };
  await service.ask("POST", "/projects/decided/revise", body);
  await service.waiting("decided");
  await service.ask("POST", "/projects/asks/message", { text: "Where is the plan?" });
  await service.begin("ended", STATEMENT);
  await service.approveAll("ended");
  routes = [
    "/app/inbox",
    "/app/new",
    "/app/engagements",
    "/app/settings",
    "/app/p/asks",
    "/app/p/asks/review/discovery-1",
    "/app/p/decided/review/discovery-1",
    "/app/p/decided/review/discovery-2",
    "/app/p/asks/board",
    "/app/p/asks/files?path=docs%2Fproject-plan%2Fplan.md",
    "/app/p/asks/chat",
    "/app/p/asks/ledger",
    "/app/p/asks/cost",
    "/app/p/asks/audit",
    "/app/p/asks/memory",
    "/app/p/ended/memory",
    "/app/p/ended/survey",
    "/app/memory",
    "/app/patterns",
    "/app/analytics",
    "/app/nowhere",
  ];
});
afterAll(async () => {
  await closed();
  await service.stop();
});

const modes = [
  { colorScheme: "light" as const, width: 1280, locale: "en-GB", rtl: false },
  { colorScheme: "dark" as const, width: 1280, locale: "de-DE", rtl: false },
  { colorScheme: "light" as const, width: 320, locale: "de-DE", rtl: false },
  { colorScheme: "dark" as const, width: 320, locale: "en-GB", rtl: true },
  { colorScheme: "light" as const, width: 1280, locale: "en-GB", rtl: true },
];

/** Waits until the page has read what it shows. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => !/Loading…|Wird geladen…/.test(document.body.innerText));
}

describe("every page", () => {
  for (const mode of modes) {
    const name = `${mode.colorScheme}, ${mode.width} px, ${mode.locale}${mode.rtl ? ", right to left" : ""}`;
    it(`has no barriers and does not scroll sideways: ${name}`, async () => {
      const viewport = { width: mode.width, height: 800 };
      const { colorScheme, locale } = mode;
      const ada = await Person.arrives(service, OPERATOR, { viewport, colorScheme, locale });
      const found: string[] = [];
      for (const route of routes) {
        await ada.page.goto(service.url + route);
        if (mode.rtl)
          await ada.page.evaluate(() => document.documentElement.setAttribute("dir", "rtl"));
        await settled(ada.page);
        for (const barrier of await barriers(ada.page)) found.push(`${route}: ${barrier}`);
        const wide = await ada.page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (wide > 0) found.push(`${route}: ${wide} px too wide`);
      }
      expect(found).toEqual([]);
      expect(ada.faults).toEqual([]);
      await ada.leaves();
    });
  }

  it("can be used by keyboard, and nothing covers what has the focus", async () => {
    const ada = await Person.arrives(service, OPERATOR, { viewport: { width: 1280, height: 720 } });
    for (const route of [
      "/app/inbox",
      "/app/p/asks",
      "/app/p/asks/review/discovery-1",
      "/app/new",
    ]) {
      await ada.page.goto(service.url + route);
      await settled(ada.page);
      const seen = new Set<string>();
      for (let tabs = 0; tabs < 120; tabs += 1) {
        await ada.page.keyboard.press("Tab");
        const focus = await ada.page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          if (element === document.body || element.className.includes("sr-only")) return undefined;
          const box = element.getBoundingClientRect();
          const [x, y] = [
            box.left + Math.min(box.width / 2, 40),
            box.top + Math.min(box.height / 2, 12),
          ];
          const top = document.elementFromPoint(x, y);
          const isCovered = top === null || !(element.contains(top) || top.contains(element));
          const path = `${element.tagName} ${element.textContent?.slice(0, 30) ?? ""} ${Math.round(box.left)} ${Math.round(box.top + scrollY)}`;
          return { path, isCovered, height: box.height };
        });
        if (!focus) continue;
        if (seen.has(focus.path)) break;
        seen.add(focus.path);
        expect(focus.isCovered, `${route}: ${focus.path} is covered`).toBe(false);
      }
      expect(seen.size, route).toBeGreaterThan(5);
    }
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });

  it("says the same to a screen reader", async () => {
    const ada = await Person.arrives(service);
    await settled(ada.page);
    const inbox = await ada.page.getByRole("main").ariaSnapshot();
    expect(inbox).toContain('heading "Inbox" [level=1]');
    expect(inbox).toContain('link "Approve Discovery, or request changes"');
    await ada.goes("/app/p/asks/review/discovery-1");
    const region = ada.page.getByRole("region", { name: "Your decision" });
    await region.waitFor();
    expect((await region.ariaSnapshot()).replace(/\d+ poor/, "poor")).toMatchInlineSnapshot(`
      "- region "Your decision":
        - heading "Your decision" [level=2]
        - group "Quality (poor – 5 excellent)":
          - text: Quality (1 poor – 5 excellent)
          - radio "1"
          - text: "1"
          - radio "2"
          - text: "2"
          - radio "3"
          - text: "3"
          - radio "4"
          - text: "4"
          - radio "5"
          - text: "5"
        - group "Relevance (1 poor – 5 excellent)":
          - text: Relevance (1 poor – 5 excellent)
          - radio "1"
          - text: "1"
          - radio "2"
          - text: "2"
          - radio "3"
          - text: "3"
          - radio "4"
          - text: "4"
          - radio "5"
          - text: "5"
        - group "Completeness (1 poor – 5 excellent)":
          - text: Completeness (1 poor – 5 excellent)
          - radio "1"
          - text: "1"
          - radio "2"
          - text: "2"
          - radio "3"
          - text: "3"
          - radio "4"
          - text: "4"
          - radio "5"
          - text: "5"
        - text: Your feedback to the crew
        - textbox "Your feedback to the crew Required to request changes. An approval sends only your ratings and remarks."
        - text: Required to request changes. An approval sends only your ratings and remarks.
        - button "Approve"
        - button "Request changes"
        - link "Ask the crew":
          - /url: /app/p/asks/chat"
    `);
    await ada.leaves();
  });
});

describe("a person who decides without a pointer", () => {
  it("gets from the inbox to a recorded decision", async () => {
    await service.begin("keyed", STATEMENT);
    await service.waiting("keyed");
    const ada = await Person.arrives(service);
    const { page } = ada;
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    // The palette finds the request by a few letters.
    await press("Control+k");
    await page.getByRole("combobox").waitFor();
    await page.keyboard.type("discovery keyed");
    await page.getByRole("option").first().waitFor();
    await press("Enter");
    await page.getByRole("heading", { name: "Approve Discovery?" }).waitFor();
    await page.getByRole("article").waitFor();
    await press("v");
    await page.getByText("1 of 1 viewed").first().waitFor();
    const reach = async (name: string) => {
      for (let tabs = 0; tabs < 200; tabs += 1) {
        await press("Tab");
        const text = await page.evaluate(() => document.activeElement?.textContent ?? "");
        if (text === name) return;
      }
      throw new Error(`no way to ${name}`);
    };
    await reach("Approve");
    await press("Enter");
    await page.getByText(/You approve run 1/).waitFor();
    // A key that is held down does not decide.
    await press("Enter", "Enter");
    await page.getByText(/You approve run 1/).waitFor();
    await reach("Yes, approve");
    await press("Enter");
    await page.getByText("approved this on").waitFor();
    expect(ada.faults).toEqual([]);
    await ada.leaves();
  });
});
