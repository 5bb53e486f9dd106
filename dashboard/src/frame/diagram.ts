// The script of the frame that draws diagrams. Its page has an origin of its own and may load
// nothing: a diagram that breaks out of Mermaid finds nothing to take and nowhere to send it.
import mermaid from "mermaid";

type Asked = { source?: unknown; dark?: unknown };

addEventListener("message", (event: MessageEvent<Asked>) => {
  if (event.source !== parent || typeof event.data.source !== "string") return;
  void draw(event.data.source, event.data.dark === true);
});

async function draw(source: string, dark: boolean): Promise<void> {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    htmlLabels: false,
    maxTextSize: 20_000,
    maxEdges: 300,
    suppressErrorRendering: true,
    theme: dark ? "dark" : "neutral",
  });
  try {
    const { svg } = await mermaid.render("diagram", source);
    document.body.innerHTML = svg;
    parent.postMessage({ height: document.body.scrollHeight + 8 }, "*");
  } catch {
    parent.postMessage({ fault: true }, "*");
  }
}

parent.postMessage({ ready: true }, "*");
