import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, read } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Notice, Panel, Title } from "@/components/ui/parts";
import { reason } from "@/shell/loaded";
import { number, useText } from "@/shell/text";
import { type AuditEntry, broken } from "./chain";

type Result = { entries: number; head: string; broken: number | undefined };

/** Proof that nothing in the journal was changed afterwards. */
export function Audit() {
  const t = useText();
  const { id } = useParams({ from: "/app/p/$id" });
  const [done, setDone] = useState(0);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<Result | undefined>(undefined);
  const [error, setError] = useState<Error | undefined>(undefined);

  const all = async (): Promise<{ entries: AuditEntry[]; head: string }> => {
    const entries: AuditEntry[] = [];
    let after = 0;
    for (;;) {
      const params = { path: { id }, query: { after } };
      const page = await read(api.GET("/projects/{id}/audit", { params }));
      entries.push(...page.entries);
      setDone(entries.length);
      if (page.entries.length === 0 || page.after >= page.as_of)
        return { entries, head: page.head };
      after = page.after;
    }
  };
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      setError(failure as Error);
    } finally {
      setBusy(false);
    }
  };
  const verify = () =>
    run(async () => {
      setResult(undefined);
      const { entries, head } = await all();
      const wrong = await broken(entries);
      setResult({ entries: entries.length, head, broken: wrong?.seq });
    });
  const save = () =>
    run(async () => {
      const { entries } = await all();
      const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
      const address = URL.createObjectURL(new Blob(lines, { type: "application/x-ndjson" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = `${id}-journal.jsonl`;
      link.click();
      URL.revokeObjectURL(address);
    });

  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <Title text={t("Audit")} />
      <p>
        {t(
          "Each journal entry carries a hash of its own content and of the previous hash. Your browser recomputes them all; an entry changed on its own breaks the chain. Keep the hash of the last entry to compare it later.",
        )}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" disabled={busy || !crypto.subtle} onClick={() => void verify()}>
          {t("Verify the journal")}
        </Button>
        <Button disabled={busy} onClick={() => void save()}>
          {t("Download the journal")}
        </Button>
      </div>
      {crypto.subtle ? null : (
        <Notice>{t("Your browser can verify the journal only over HTTPS or on localhost.")}</Notice>
      )}
      {busy ? (
        <p role="status">{t("{n, plural, one {# entry} other {# entries}} read…", { n: done })}</p>
      ) : null}
      {error ? <Notice tone="bad">{reason(t, error)}</Notice> : null}
      {result ? (
        <Panel>
          {result.broken === undefined ? (
            <Notice tone="good">
              {t("The chain of {n} entries is intact.", { n: number(result.entries) })}
            </Notice>
          ) : (
            <Notice tone="bad">
              {t("The chain breaks at entry {seq}.", { seq: result.broken })}
            </Notice>
          )}
          <p className="mt-3 text-sm text-muted">{t("Hash of the last entry")}</p>
          <p className="font-mono text-sm break-all">{result.head}</p>
        </Panel>
      ) : null}
    </div>
  );
}
