import { Dialog } from "@base-ui/react/dialog";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { useText } from "@/shell/text";
import { target } from "./links";

/** A link that an agent wrote: its host is spelled out, and it asks before it leaves. */
export function WrittenLink(props: { to: string; at: string; text: string; children: ReactNode }) {
  const { to, at, text, children } = props;
  const [asking, setAsking] = useState(false);
  const { id } = useParams({ strict: false });
  const goal = target(to, at);
  if (goal.kind === "none") return children;
  if (goal.kind === "file") {
    if (!id) return children;
    return (
      <Link
        to="/app/p/$id/files"
        params={{ id }}
        search={{ path: goal.path }}
        className="underline"
      >
        {children}
      </Link>
    );
  }
  const names = goal.kind === "web" && [goal.host, goal.address].includes(text.trim());
  const host = goal.kind === "web" && !names ? ` (${goal.host})` : "";
  return (
    <>
      <button type="button" className="text-start underline" onClick={() => setAsking(true)}>
        {children}
        <span className="text-muted">{host}</span>
      </button>
      {asking ? <Leaving address={goal.address} onClose={() => setAsking(false)} /> : null}
    </>
  );
}

function Leaving({ address, onClose }: { address: string; onClose: () => void }) {
  const t = useText();
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed inset-x-3 top-24 z-50 mx-auto flex max-w-lg flex-col gap-4 rounded-lg border bg-raised p-5 shadow-xl">
          <Dialog.Title className="text-lg font-semibold">{t("Leave CloudCrew?")}</Dialog.Title>
          <Dialog.Description className="text-sm text-muted">
            {t("An agent wrote this link. It leads to:")}
          </Dialog.Description>
          <p className="font-mono text-sm break-all" dir="ltr">
            {address}
          </p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>{t("Stay here")}</Button>
            <a
              href={address}
              rel="noopener noreferrer nofollow"
              target="_blank"
              className={buttonLook("primary")}
              onClick={onClose}
            >
              {t("Open in a new tab")}
            </a>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
