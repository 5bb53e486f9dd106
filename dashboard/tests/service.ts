import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
/** The built program, which must hold the dashboard that is tested. */
const PROGRAM = process.env["CLOUDCREW_BINARY"] ?? join(ROOT, "target/debug/cloudcrew");

/** The token of the operator. */
export const OPERATOR = "token-of-the-operator-in-tests";

type Json = Record<string, unknown>;

export type Options = {
  /** People with tokens: `ada` has the token `token-of-ada`. */
  people?: Record<string, string[]>;
  /** A workspace instead of the shipped one. */
  workspace?: string;
};

/** A running service with a home of its own. */
export class Service {
  private constructor(
    public url: string,
    readonly home: string,
    private process: ChildProcess,
    private readonly options: Options,
  ) {}

  static async start(options: Options = {}): Promise<Service> {
    const home = mkdtempSync(join(tmpdir(), "cloudcrew-dashboard-"));
    const { child, url } = await run(home, "127.0.0.1:0", options);
    return new Service(url, home, child, options);
  }

  /** Ends the process as a crash does. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await gone;
  }

  /** Starts it again at the same address, with the same home. */
  async again(): Promise<void> {
    const { child } = await run(this.home, new URL(this.url).host, this.options);
    this.process = child;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) await this.kill();
    rmSync(this.home, { recursive: true, force: true });
  }

  async ask<T = Json>(method: string, path: string, body?: unknown, token = OPERATOR): Promise<T> {
    const reply = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Starts a rehearsal. */
  async begin(id: string, text: string, more: Json = {}, token = OPERATOR): Promise<void> {
    const sow = { name: `${id}.md`, text };
    await this.ask("POST", "/projects", { id, sow, model: "rehearsal", ...more }, token);
  }

  /** What waits in an engagement, once something does; nothing once it has ended. */
  async waiting(id: string): Promise<Json | undefined> {
    for (let tries = 0; tries < 300; tries += 1) {
      const status = await this.ask<{ state: string; waiting: Json[] }>(
        "GET",
        `/projects/${id}/status`,
      );
      if (status.waiting[0]) return status.waiting[0];
      if (["done", "failed", "cancelled", "expired"].includes(status.state)) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`nothing waits in ${id}`);
  }

  /** Approves everything that waits until the engagement has ended. */
  async approveAll(id: string): Promise<void> {
    for (let open = await this.waiting(id); open; open = await this.waiting(id)) {
      const body = { request: open["id"], digest: open["digest"] };
      await this.ask("POST", `/projects/${id}/approve`, body);
    }
  }
}

async function run(home: string, listen: string, options: Options) {
  const args = ["serve", "--listen", listen, "--home", join(home, "home")];
  args.unshift("-C", options.workspace ?? ROOT);
  if (options.people) {
    const people = Object.entries(options.people).map(([name, groups]) => {
      const token_sha256 = createHash("sha256").update(`token-of-${name}`).digest("hex");
      return [name, { token_sha256, groups }];
    });
    writeFileSync(join(home, "people.json"), JSON.stringify(Object.fromEntries(people)));
    args.push("--people", join(home, "people.json"));
  }
  const env = { ...process.env, CLOUDCREW_TOKEN: OPERATOR, CLOUDCREW_SANDBOX: "off" };
  const child = spawn(PROGRAM, args, { env, cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (words: Buffer) => {
    said = (said + words.toString()).slice(-4_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    let out = "";
    child.stdout.on("data", (words: Buffer) => {
      out += words.toString();
      const found = /listening on (http:\S+)/.exec(out);
      if (found?.[1]) resolve(found[1]);
    });
    child.once("exit", (code) => reject(new Error(`the service ended with ${code}: ${said}`)));
  });
  return { child, url };
}

/** A copy of the shipped workspace in which one text is another one. */
export function edited(file: string, edit: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), "cloudcrew-workspace-"));
  for (const part of [
    "agents.yaml",
    "phases",
    "workflows",
    "rehearsals",
    "prompts",
    "templates",
    "examples",
    "patterns",
  ]) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  const after = edit(before);
  if (after === before) throw new Error(`nothing to edit in ${file}`);
  writeFileSync(path, after);
  return folder;
}

/** A statement of work that is read well. */
export const STATEMENT = `# Parcel tracking

## Objectives
- Customers know where their parcel is.

## Requirements
1. The service tells the place of a parcel by its number.
2. The service keeps each change of place with its time.

## Constraints
- Everything runs in the AWS region eu-west-1.

## Deliverables
- Source code of the service with its tests

## Acceptance criteria
- A parcel can be followed from the shop to the door.

## Timeline
- Live on 1 June 2027
`;
