import { useEffect, useId, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/parts";
import { isDark } from "@/shell/preferences";
import { useText } from "@/shell/text";

/** Largest source of a diagram, in characters. */
const LARGEST = 20_000;
/** Longest time to draw it, in milliseconds. */
const LONGEST = 8_000;

/** Most diagrams that a page draws by itself. */
const MOST = 8;
let drawn = 0;

/**
 * A Mermaid diagram, drawn in a frame whose origin is its own: it reaches neither this page nor the
 * service. Only its height comes back.
 */
export function Diagram({ source }: { source: string }) {
  const t = useText();
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(0);
  const [fault, setFault] = useState(false);
  const name = useId();
  const isLarge = source.length > LARGEST;
  const [asked, setAsked] = useState(false);
  const [isOneOfMany] = useState(() => drawn >= MOST);
  useEffect(() => {
    drawn += 1;
    return () => {
      drawn -= 1;
    };
  }, []);
  const waits = isOneOfMany && !asked;

  useEffect(() => {
    if (isLarge || waits) return;
    const watchdog = setTimeout(() => setFault(true), LONGEST);
    const hear = (event: MessageEvent) => {
      if (event.source !== frame.current?.contentWindow) return;
      const said = event.data as { ready?: boolean; height?: number; fault?: boolean };
      if (said.ready) {
        // The frame has no origin that could be named.
        frame.current?.contentWindow?.postMessage({ source, dark: isDark() }, "*");
      } else if (typeof said.height === "number") {
        clearTimeout(watchdog);
        setHeight(Math.min(2_000, Math.max(40, said.height)));
      } else if (said.fault) {
        clearTimeout(watchdog);
        setFault(true);
      }
    };
    addEventListener("message", hear);
    return () => {
      clearTimeout(watchdog);
      removeEventListener("message", hear);
    };
  }, [source, isLarge, waits]);

  return (
    <figure className="my-3 rounded-md border">
      {isLarge || fault ? (
        <div className="p-2">
          <Notice>{t("This diagram cannot be drawn; below is its source.")}</Notice>
        </div>
      ) : waits ? (
        <div className="p-2">
          <Button onClick={() => setAsked(true)}>{t("Draw this diagram")}</Button>
        </div>
      ) : (
        <iframe
          ref={frame}
          title={t("Diagram")}
          aria-describedby={name}
          src="/frame/diagram.html"
          sandbox="allow-scripts"
          height={height || 120}
          className="w-full"
        />
      )}
      <details id={name} className="border-t" open={isLarge || fault}>
        <summary className="cursor-pointer px-3 py-1.5 text-sm text-muted">
          {t("Source of the diagram")}
        </summary>
        <pre tabIndex={0} className="overflow-x-auto bg-background p-3 text-sm" dir="ltr">
          {source}
        </pre>
      </details>
    </figure>
  );
}
