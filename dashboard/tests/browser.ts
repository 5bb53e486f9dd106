import { execFileSync } from "node:child_process";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium,
} from "playwright-core";
import { onTestFailed } from "vitest";
import axe from "./axe";
import { OPERATOR, type Service } from "./service";

/** Where pictures go. */
const OUTPUT = join(import.meta.dirname, "output");

let browser: Browser | undefined;

/** The Chromium of the system, or the one that CHROMIUM names. */
export async function launched(): Promise<Browser> {
  const path =
    process.env["CHROMIUM"] ?? execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
  // Chromium refuses its own sandbox to root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  // Containers may have little shared memory.
  args.push("--disable-dev-shm-usage");
  browser ??= await chromium.launch({ executablePath: path, args });
  return browser;
}

export async function closed(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

/** A person in a browser of their own. What the page must never do is collected in `faults`. */
export class Person {
  readonly faults: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly service: Service,
  ) {
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => {
      const text = message.text();
      // A refusal that a test provokes is no fault of the page.
      const isReply = text.startsWith("Failed to load resource");
      if (message.type() === "error" && !isReply) this.faults.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => this.faults.push(`script: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("request", (request) => {
      const address = request.url();
      if (!/^(blob:|data:)/.test(address) && !address.startsWith(service.url)) {
        this.faults.push(`request: ${address}`);
      }
    });
    page.on("framenavigated", (frame) => {
      const address = frame.url();
      const isOurs = address.startsWith(service.url) || address === "about:blank";
      if (!isOurs) this.faults.push(`navigation: ${address}`);
    });
  }

  /** Opens a browser and follows the link that the service prints. */
  static async arrives(
    service: Service,
    token = OPERATOR,
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await (
      await launched()
    ).newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
    const person = new Person(context, await context.newPage(), service);
    onTestFailed(async () => {
      const name = `${OUTPUT}/failed-${person.page.url().replace(/\W+/g, "-")}.png`;
      await person.page.screenshot({ path: name, fullPage: true }).catch(() => undefined);
    });
    await person.page.goto(`${service.url}/app/inbox#token=${token}`);
    await person.page.getByRole("heading", { level: 1 }).waitFor();
    return person;
  }

  async goes(path: string): Promise<void> {
    await this.page.goto(this.service.url + path);
    await this.page.getByRole("heading", { level: 1 }).waitFor();
  }

  async leaves(): Promise<void> {
    await this.context.close();
  }
}

/** What an accessibility checker finds on the page. */
export const barriers = (page: Page): Promise<string[]> => axe(page);
