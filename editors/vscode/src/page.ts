/** Draws the plan that the extension sends. */

import mermaid from "mermaid";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const isDark = document.body.classList.contains("vscode-dark");
mermaid.initialize({
  startOnLoad: false,
  securityLevel: "strict",
  theme: isDark ? "dark" : "neutral",
  maxTextSize: 500_000,
  maxEdges: 5_000,
});

const fault = document.getElementById("fault");
const graph = document.getElementById("graph");
let drawn = 0;

window.addEventListener("message", ({ data }) => void show(data));

async function show(data: { graph?: string; title?: string; fault?: string }): Promise<void> {
  if (!fault || !graph) return;
  // What was drawn stays while a file has errors.
  fault.textContent = data.fault ?? "";
  if (data.graph === undefined) return;
  const number = ++drawn;
  try {
    const { svg } = await mermaid.render(`plan-${number}`, data.graph);
    if (number !== drawn) return;
    graph.innerHTML = svg;
    graph.setAttribute("aria-label", `Plan of ${data.title ?? ""}`);
  } catch (error) {
    fault.textContent = error instanceof Error ? error.message : String(error);
  }
}

acquireVsCodeApi().postMessage("ready");
