/** The plan of a workflow, drawn beside the file that is edited. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import { program } from "./extension";

/** Longest output that is drawn, in bytes. */
const MOST = 4 * 1024 * 1024;
/** How long the program may take, in milliseconds. */
const PATIENCE = 20_000;

/** A message to the page: the graph, or why it cannot be drawn. */
type Message = { graph: string; title: string } | { fault: string };

export class Graph implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  /** The workspace and workflow that are shown. */
  private shown: { root: string; workflow: string | undefined } | undefined;

  private asked = 0;

  constructor(private readonly context: vscode.ExtensionContext) {}

  /** Opens the picture beside the current file. */
  show(): void {
    const file = vscode.window.activeTextEditor?.document.uri;
    const found = file?.scheme === "file" ? place(file.fsPath) : undefined;
    if (!found) {
      void vscode.window.showWarningMessage("Open a file of a workspace with an agents.yaml first.");
      return;
    }
    this.shown = found;
    if (this.panel) {
      this.panel.reveal(vscode.ViewColumn.Beside, true);
    } else {
      this.panel = this.opened();
    }
    this.refresh();
  }

  /** Draws it again, if it is open. */
  refresh(): void {
    const { panel, shown } = this;
    if (!panel || !shown) return;
    const uri = vscode.Uri.file(shown.root);
    const overlay = vscode.workspace.getConfiguration("cloudcrew", uri).get<string>("overlay");
    const args = ["-C", shown.root, "graph"];
    if (overlay) args.push(`--overlay=${overlay}`);
    // A file may be named like an option.
    if (shown.workflow) args.push("--", shown.workflow);
    const number = ++this.asked;
    const options = { maxBuffer: MOST, timeout: PATIENCE };
    execFile(program(), args, options, (error, stdout, stderr) => {
      // Only the newest answer counts.
      if (number !== this.asked) return;
      const title = shown.workflow ?? basename(shown.root);
      const fault = stderr.trim() || error?.message || "the program said nothing";
      const message: Message = error ? { fault } : { graph: stdout, title };
      void panel.webview.postMessage(message);
    });
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private opened(): vscode.WebviewPanel {
    const folder = vscode.Uri.joinPath(this.context.extensionUri, "dist");
    const panel = vscode.window.createWebviewPanel(
      "cloudcrew.graph",
      "CloudCrew: plan",
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      { enableScripts: true, localResourceRoots: [folder] },
    );
    const script = panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, "page.js"));
    panel.webview.html = page(script.toString(), panel.webview.cspSource);
    // The page says when it can listen.
    panel.webview.onDidReceiveMessage(() => this.refresh());
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    return panel;
  }
}

/** The workspace of a file, and its workflow if it is one. */
function place(file: string): { root: string; workflow: string | undefined } | undefined {
  let folder = dirname(file);
  const inWorkflows = basename(folder) === "workflows";
  const workflow = inWorkflows ? basename(file, ".yaml") : undefined;
  for (;;) {
    // An overlay is part of the workspace that it is laid over.
    const isOverlay = basename(dirname(folder)) === "overlays";
    if (!isOverlay && existsSync(join(folder, "agents.yaml"))) return { root: folder, workflow };
    const up = dirname(folder);
    if (up === folder) return undefined;
    folder = up;
  }
}

function page(script: string, source: string): string {
  const nonce = randomBytes(16).toString("base64url");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source} 'unsafe-inline'`,
    "img-src data:",
  ];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy.join("; ")}" />
    <title>CloudCrew: plan</title>
  </head>
  <body>
    <p id="fault" role="alert" style="white-space: pre-wrap"></p>
    <div id="graph" role="img"></div>
    <script nonce="${nonce}" src="${script}"></script>
  </body>
</html>`;
}
