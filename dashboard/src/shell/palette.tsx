import { Dialog } from "@base-ui/react/dialog";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import { inbox, projects } from "@/api/queries";
import { Input } from "@/components/ui/parts";
import { stateName } from "@/fleet/states";
import { asked } from "@/inbox/consequence";
import { useText } from "./text";

type Goal = { label: string; more?: string; go: () => void };

/** Finds a page, an engagement or a request by a few letters. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useText();
  const navigate = useNavigate();
  const waiting = useQuery(inbox);
  const all = useQuery(projects());
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);

  const goals: Goal[] = [
    { label: t("Inbox"), go: () => void navigate({ to: "/app/inbox" }) },
    { label: t("Engagements"), go: () => void navigate({ to: "/app/engagements" }) },
    { label: t("New engagement"), go: () => void navigate({ to: "/app/new" }) },
    { label: t("Memory"), go: () => void navigate({ to: "/app/memory" }) },
    { label: t("Patterns"), go: () => void navigate({ to: "/app/patterns" }) },
    { label: t("Settings"), go: () => void navigate({ to: "/app/settings" }) },
    ...(waiting.data?.requests ?? []).map((request) => ({
      label: asked(t, request),
      more: request.project,
      go: () =>
        void navigate({
          to: "/app/p/$id/review/$request",
          params: { id: request.project, request: request.id },
        }),
    })),
    ...(all.data?.projects ?? []).map(({ id, state }) => ({
      label: id,
      more: stateName(t, state),
      go: () => void navigate({ to: "/app/p/$id", params: { id } }),
    })),
  ];
  const wanted = typed.toLowerCase().split(/\s+/);
  const found = goals
    .filter(({ label, more }) => {
      const text = `${label} ${more ?? ""}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .slice(0, 12);
  const at = Math.min(chosen, found.length - 1);

  const go = (goal: Goal | undefined) => {
    if (!goal) return;
    onClose();
    goal.go();
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const move = moves[event.key];
    if (move) setChosen((at + move + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") go(found[at]);
    else return;
    event.preventDefault();
  };

  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Popup className="fixed inset-x-3 top-16 z-50 mx-auto max-w-xl rounded-lg border bg-raised p-3 shadow-xl">
          <Dialog.Title className="sr-only">{t("Go to…")}</Dialog.Title>
          <Input
            role="combobox"
            aria-expanded
            aria-controls="goals"
            aria-activedescendant={found[at] ? `goal-${at}` : undefined}
            aria-label={t("Go to…")}
            placeholder={t("A page, an engagement or a request")}
            value={typed}
            onChange={(event) => {
              setTyped(event.target.value);
              setChosen(0);
            }}
            onKeyDown={onKey}
          />
          <div
            id="goals"
            role="listbox"
            aria-label={t("Results")}
            className="mt-2 max-h-80 overflow-auto"
          >
            {found.map((goal, index) => (
              // The keyboard reaches it through the text field above.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
              <div
                key={`${goal.label} ${goal.more ?? ""}`}
                id={`goal-${index}`}
                role="option"
                tabIndex={-1}
                ref={
                  index === at ? (element) => element?.scrollIntoView({ block: "nearest" }) : null
                }
                aria-selected={index === at}
                onClick={() => go(goal)}
                className="flex cursor-pointer gap-2 rounded px-3 py-2 text-sm aria-selected:bg-soft aria-selected:text-primary"
              >
                <span className="min-w-0 flex-1 truncate">{goal.label}</span>
                <span className="text-muted">{goal.more}</span>
              </div>
            ))}
            {found.length === 0 ? (
              <p className="px-3 py-2 text-sm text-muted">{t("No results")}</p>
            ) : null}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
