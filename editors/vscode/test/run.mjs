// Tries the packaged extension in a real VS Code: a server of it, in a browser.
//
// CODE_SERVER is the entry of code-server (`out/node/entry.js`), NODE the Node that it needs, CHROMIUM a
// browser, and CLOUDCREW the program. `npm run package` first.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { chromium } from "playwright-core";

const here = import.meta.dirname;
const server = process.env.CODE_SERVER;
const node = process.env.NODE ?? process.execPath;
const program = resolve(process.env.CLOUDCREW ?? join(here, "../../../target/debug/cloudcrew"));
if (!server) throw new Error("set CODE_SERVER to out/node/entry.js of code-server");

const home = mkdtempSync(join(tmpdir(), "cloudcrew-vscode-"));
const workspace = join(home, "crew");
execFileSync(program, ["init", workspace, "--minimal"], { stdio: "ignore" });
const phase = join(workspace, "phases/proposal.yaml");
const [data, extensions] = [join(home, "data"), join(home, "extensions")];
const shared = ["--user-data-dir", data, "--extensions-dir", extensions];
const env = { ...process.env, HOME: home, PATH: `${dirname(program)}:${process.env.PATH}` };
const run = (...args) => execFileSync(node, [server, ...shared, ...args], { env, encoding: "utf8" });
console.log(run("--install-extension", join(here, "../cloudcrew.vsix")).trim());
const settings = {
  "cloudcrew.path": program,
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "chat.disableAIFeatures": true,
};
for (const kind of ["User", "Machine"]) {
  mkdirSync(join(data, kind), { recursive: true });
  writeFileSync(join(data, kind, "settings.json"), JSON.stringify(settings));
}

const args = [...shared, "--auth", "none", "--bind-addr", "127.0.0.1:0", "--disable-telemetry",
  "--disable-update-check", "--disable-workspace-trust", workspace];
const child = spawn(node, [server, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
const url = await new Promise((found, failed) => {
  child.once("exit", (code) => failed(new Error(`code-server ended with ${code}`)));
  child.stdout.on("data", (words) => {
    const match = /listening on (http:\S+?)\/?\s/.exec(words.toString());
    if (match) found(match[1]);
  });
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
try {
  await page.goto(`${url}/?folder=${encodeURIComponent(workspace)}`);
  await page.locator(".monaco-workbench").waitFor({ timeout: 60_000 });
  await open(page, "proposal.yaml");

  // A mistake is marked at its word, with the fix.
  writeFileSync(phase, readFileSync(phase, "utf8").replace("remind_after", "remind_aftr"));
  await page.locator(".squiggly-error").first().waitFor({ timeout: 30_000 });
  await command(page, "View: Focus Problems", "Problems: Focus on Problems View");
  await page.getByText("`gate` has no key `remind_aftr`").first().waitFor();
  console.log("a mistake is marked");
  await page.screenshot({ path: join(tmpdir(), "cloudcrew-vscode-mistake.png") });
  writeFileSync(phase, readFileSync(phase, "utf8").replace("remind_aftr", "remind_after"));
  await page.locator(".squiggly-error").first().waitFor({ state: "detached", timeout: 30_000 });
  console.log("and no more once it is corrected");

  // The plan is drawn beside the file.
  await open(page, "proposal.yaml");
  await command(page, "CloudCrew: Show the Plan Beside");
  const frame = page.frameLocator("iframe.webview.ready").frameLocator("iframe");
  await frame.locator("#graph svg").waitFor({ timeout: 60_000 });
  const words = await frame.locator("#graph svg").textContent();
  assert.match(words ?? "", /proposal/);
  console.log("the plan is drawn");
  await page.screenshot({ path: join(tmpdir(), "cloudcrew-vscode-plan.png") });
} catch (error) {
  await page.screenshot({ path: join(tmpdir(), "cloudcrew-vscode-failed.png") });
  throw error;
} finally {
  await browser.close();
  child.kill();
  rmSync(home, { recursive: true, force: true });
}

/** Opens a file by name. */
async function open(page, name) {
  await page.keyboard.press("Control+p");
  await page.locator(".quick-input-widget input").fill(name);
  await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
  await page.keyboard.press("Enter");
  await page.locator(`.tab[aria-label^="${name}"]`).first().waitFor();
}

/** Runs the first of these commands that there is. */
async function command(page, ...names) {
  for (const name of names) {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(`>${name}`);
    const row = page.locator(".quick-input-list .monaco-list-row").first();
    await row.waitFor();
    const label = await row.getAttribute("aria-label");
    if (label?.includes(name.split(": ").at(-1))) {
      await page.keyboard.press("Enter");
      return;
    }
    await page.keyboard.press("Escape");
  }
  throw new Error(`no command ${names.join(" or ")}`);
}
