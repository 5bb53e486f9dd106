/** Starts the language server, and shows the plan beside a file. */

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { Graph } from "./graph";

let client: LanguageClient | undefined;

/** The files that the server knows, in a workspace and in its overlays. */
const FILES = [
  "**/agents.yaml",
  "**/{phases,workflows,rehearsals,knowledge,patterns}/*.yaml",
  "**/{prompts,templates}/*.md",
  "**/prompts/tasks/*.md",
];

/** The program. Only the person's own settings may name it: a workspace cannot. */
export function program(): string {
  return vscode.workspace.getConfiguration("cloudcrew").get<string>("path") || "cloudcrew";
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const graph = new Graph(context);
  context.subscriptions.push(
    graph,
    vscode.commands.registerCommand("cloudcrew.showGraph", () => graph.show()),
    vscode.commands.registerCommand("cloudcrew.restart", restart),
    vscode.workspace.onDidSaveTextDocument(() => graph.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("cloudcrew.path")) void restart();
      if (event.affectsConfiguration("cloudcrew.overlay")) graph.refresh();
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

async function restart(): Promise<void> {
  await deactivate();
  const documentSelector = FILES.map((pattern) => ({ scheme: "file", pattern }));
  const server = { command: program(), args: ["lsp"] };
  const next = new LanguageClient("cloudcrew", "CloudCrew", server, { documentSelector });
  try {
    await next.start();
    client = next;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const open = "Open the setting";
    const words = `\`${program()} lsp\` did not start: ${why}`;
    // Not awaited: the notice stays until the person has seen it.
    void vscode.window.showErrorMessage(words, open).then((choice) => {
      if (choice === open) {
        void vscode.commands.executeCommand("workbench.action.openSettings", "cloudcrew.path");
      }
    });
  }
}
