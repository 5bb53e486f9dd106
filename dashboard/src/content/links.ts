export type Target =
  | { kind: "web"; address: string; host: string }
  | { kind: "mail"; address: string }
  | { kind: "file"; path: string }
  | { kind: "none" };

/** Where a link of a document leads. `at` is the path of the document that contains it. */
export function target(link: string, at: string): Target {
  let url: URL | undefined;
  try {
    url = new URL(link);
  } catch {
    url = undefined;
  }
  if (url) {
    if (url.protocol === "mailto:") return { kind: "mail", address: link };
    // The host is spelled out in ASCII, so that no letter passes for another one.
    const isWeb = url.protocol === "https:" || url.protocol === "http:";
    // A user before the host only makes it look like another one.
    if (url.username || url.password) return { kind: "none" };
    return isWeb ? { kind: "web", address: url.href, host: url.host } : { kind: "none" };
  }
  if (link === "" || link.startsWith("#") || link.startsWith("//") || link.includes("\\"))
    return { kind: "none" };
  const path = joined(at, link.split(/[?#]/)[0] ?? "");
  return path ? { kind: "file", path } : { kind: "none" };
}

/** A path relative to a document, within the repository. */
function joined(at: string, link: string): string | undefined {
  const start = link.startsWith("/") ? [] : at.split("/").slice(0, -1);
  let plain: string;
  try {
    plain = decodeURIComponent(link);
  } catch {
    return undefined;
  }
  const steps = start;
  for (const step of plain.split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.pop() === undefined) return undefined;
  }
  return steps.length ? steps.join("/") : undefined;
}
