import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type DragEvent, type FormEvent, useId, useRef, useState } from "react";
import { api, once, read } from "@/api/client";
import type { Schemas } from "@/api/client";
import { completed, me, workflows } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Badge, Field, Input, Notice, Panel, Select, TextArea, Title } from "@/components/ui/parts";
import { phaseName } from "@/shell/names";
import { Refusal } from "@/shell/refusal";
import { useSubmit } from "@/shell/submit";
import { useDraft } from "@/shell/drafts";
import { Loaded, reason } from "@/shell/loaded";
import { bytes, money, short, useText } from "@/shell/text";
import { Statement } from "./statement";
import { LARGEST, upload } from "./upload";

type Sow = Schemas["NewSow"];
type Read = { sow: Sow; statement: Schemas["Statement"] };

/** A new engagement: the statement of work, how it was read, and what it will take. */
export function Kickoff() {
  const t = useText();
  const all = useQuery(workflows);
  const [workflow, setWorkflow] = useState<string | undefined>(undefined);
  const [found, setFound] = useState<Read | undefined>(undefined);
  return (
    <div className="flex max-w-4xl flex-col gap-5">
      <Title text={t("New engagement")} />
      <Loaded of={all}>
        {({ workflows: rows }) => {
          const chosen =
            rows.find((row) => row.name === workflow) ??
            rows.find((row) => row.name === "delivery") ??
            rows[0];
          if (!chosen) return <Notice>{t("The service has no workflow to start.")}</Notice>;
          return (
            <>
              <Panel className="flex flex-col gap-4" aria-labelledby="what">
                <h2 id="what" className="text-lg font-semibold">
                  {t("1. How the work is done")}
                </h2>
                {rows.length > 1 ? (
                  <Field label={t("Workflow")}>
                    {(id) => (
                      <Select
                        id={id}
                        value={chosen.name}
                        onChange={({ target }) => {
                          setWorkflow(target.value);
                          setFound(undefined);
                        }}
                      >
                        {rows.map((row) => (
                          <option key={row.name}>{row.name}</option>
                        ))}
                      </Select>
                    )}
                  </Field>
                ) : null}
                <Workflow row={chosen} />
              </Panel>
              <Panel className="flex flex-col gap-4" aria-labelledby="sow">
                <h2 id="sow" className="text-lg font-semibold">
                  {t("2. The statement of work")}
                </h2>
                <StatementForm workflow={chosen.name} onRead={setFound} />
              </Panel>
              {found ? (
                <>
                  <Panel aria-labelledby="read">
                    <h2 id="read" className="mb-3 text-lg font-semibold">
                      {t("3. What was found in it")}
                    </h2>
                    <Statement read={found.statement} />
                  </Panel>
                  <Start key={chosen.name} workflow={chosen} sow={found.sow} />
                </>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

/** The phases of a workflow, and what an engagement of it is expected to take. */
function Workflow({ row }: { row: Schemas["WorkflowRow"] }) {
  const t = useText();
  const { forecast } = row;
  const { micro_usd_low: low, micro_usd_high: high } = forecast;
  return (
    <>
      <p>{row.description}</p>
      <ol className="flex flex-wrap items-center gap-y-2 text-sm">
        {row.phases.map((phase, at) => (
          <li key={phase} className="flex items-center">
            {at > 0 ? (
              <span aria-hidden className="px-2 text-muted">
                →
              </span>
            ) : null}
            <span className="rounded-md border bg-background px-2 py-1">{phaseName(phase)}</span>
          </li>
        ))}
      </ol>
      <p className="flex flex-wrap gap-2 text-sm">
        <Badge>
          {t("{n, plural, one {# approval} other {# approvals}} needed", { n: row.gates })}
        </Badge>
        <Badge>
          {typeof low === "number" && typeof high === "number"
            ? t("expected to cost {low} to {high}", { low: money(low), high: money(high) })
            : t("{low} to {high} tokens, price unknown", {
                low: short(forecast.tokens_low),
                high: short(forecast.tokens_high),
              })}
        </Badge>
      </p>
    </>
  );
}

function StatementForm(props: { workflow: string; onRead: (read: Read | undefined) => void }) {
  const t = useText();
  const { workflow, onRead } = props;
  const [text, setText] = useDraft("new.text", "");
  const [file, setFile] = useState<File | undefined>(undefined);
  const [part, setPart] = useState<number | undefined>(undefined);
  const [reading, setReading] = useState(false);
  const [error, setError] = useState<Error | undefined>(undefined);
  const stop = useRef<AbortController | undefined>(undefined);
  const picker = useRef<HTMLInputElement>(null);
  const help = useId();
  const tooLarge = file && file.size > LARGEST;

  // What was being read is of no use any more.
  const forget = () => {
    stop.current?.abort();
    stop.current = undefined;
    setReading(false);
    setPart(undefined);
    setError(undefined);
    onRead(undefined);
  };
  const choose = (next: File | undefined) => {
    setFile(next);
    forget();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    choose(event.dataTransfer.files[0]);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    setReading(true);
    const own = new AbortController();
    stop.current = own;
    try {
      const sow: Sow = file
        ? { name: file.name, upload: await upload(file, setPart, own.signal) }
        : { name: "statement-of-work.md", text };
      const statement = await read(api.POST("/statements", { body: { sow, workflow } }));
      if (stop.current === own) onRead({ sow, statement });
    } catch (failure) {
      if (stop.current === own && (failure as Error).name !== "AbortError") {
        setError(failure as Error);
      }
    } finally {
      if (stop.current === own) {
        setReading(false);
        setPart(undefined);
      }
    }
  };

  return (
    <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
      {/* A file can be chosen by the button in it, too. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className="flex flex-col items-center gap-2 rounded-md border-2 border-dashed border-control p-6 text-center"
        onDragOver={(event) => event.preventDefault()}
        onDrop={drop}
      >
        <input
          ref={picker}
          type="file"
          className="sr-only"
          tabIndex={-1}
          aria-label={t("Statement of work")}
          accept=".pdf,.docx,.html,.htm,.md,.txt,.eml"
          onChange={({ target }) => choose(target.files?.[0])}
        />
        {file ? (
          <p className="font-medium">
            {file.name} <span className="text-muted">({bytes(file.size)})</span>
          </p>
        ) : (
          <p>{t("Drop a file here")}</p>
        )}
        <div className="flex flex-wrap justify-center gap-2">
          <Button onClick={() => picker.current?.click()} aria-describedby={help}>
            {file ? t("Choose another file") : t("Choose a file")}
          </Button>
          {file ? <Button onClick={() => choose(undefined)}>{t("Remove")}</Button> : null}
        </div>
        <p id={help} className="text-sm text-muted">
          {t("PDF, Word, HTML, e-mail, Markdown or text, up to 20 MiB")}
        </p>
      </div>
      {tooLarge ? <Notice tone="bad">{t("This file is larger than 20 MiB.")}</Notice> : null}
      {file ? null : (
        <Field label={t("Or paste its text")}>
          {(id) => (
            <TextArea
              id={id}
              className="min-h-40"
              value={text}
              onChange={({ target }) => {
                setText(target.value);
                forget();
              }}
            />
          )}
        </Field>
      )}
      {part !== undefined ? (
        <div className="flex items-center gap-3">
          <progress className="w-full" value={part} max={1} aria-label={t("Upload progress")} />
          <Button onClick={() => stop.current?.abort()}>{t("Stop")}</Button>
        </div>
      ) : null}
      {error ? <Notice tone="bad">{reason(t, error)}</Notice> : null}
      <Button
        type="submit"
        look="primary"
        className="self-start"
        disabled={reading || Boolean(tooLarge) || (!file && !text.trim())}
      >
        {reading ? t("Analysing…") : t("Analyse")}
      </Button>
      <p className="text-sm text-muted">{t("This starts no work and costs nothing.")}</p>
    </form>
  );
}

/** A value that the workflow asks for. */
function Choice(props: {
  input: Schemas["InputRow"];
  value: string;
  onChange: (value: string) => void;
}) {
  const t = useText();
  const { input, value, onChange } = props;
  const choices = input.type === "boolean" ? ["true", "false"] : input.choices;
  const needed = input.default == null;
  return (
    <Field label={input.name} help={input.description}>
      {(field, help) =>
        choices.length > 0 ? (
          <Select
            id={field}
            aria-describedby={help}
            required={needed}
            className="max-w-sm"
            value={value || (input.default ?? "")}
            onChange={({ target }) => onChange(target.value)}
          >
            {needed && <option value="">{t("Choose one")}</option>}
            {choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        ) : (
          <Input
            id={field}
            aria-describedby={help}
            required={needed}
            maxLength={1000}
            inputMode={input.type === "integer" ? "numeric" : "text"}
            pattern={input.type === "integer" ? "-?[0-9]+" : undefined}
            placeholder={input.default ?? undefined}
            className="max-w-sm"
            value={value}
            onChange={({ target }) => onChange(target.value)}
          />
        )
      }
    </Field>
  );
}

/** Which completed engagement a new one continues. */
function Continues(props: {
  workflows: string[];
  value: string;
  onChange: (value: string) => void;
}) {
  const t = useText();
  const found = useQuery(completed(props.workflows));
  return (
    <Field
      label={t("Continues")}
      help={t("The new engagement starts on the branch of this one, with what its crew recorded.")}
    >
      {(field, help) => (
        <Select
          id={field}
          aria-describedby={help}
          required
          className="max-w-sm"
          value={props.value}
          onChange={({ target }) => props.onChange(target.value)}
        >
          <option value="">{t("Choose a completed engagement")}</option>
          {found.data?.map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Start({ workflow, sow }: { workflow: Schemas["WorkflowRow"]; sow: Sow }) {
  const t = useText();
  const navigate = useNavigate();
  const who = useQuery(me);
  const [id, setId] = useState("");
  const [rehearsal, setRehearsal] = useState(false);
  const [inputs, setInputs] = useState<Record<string, string>>({});
  const [after, setAfter] = useState("");
  const [, , dropText] = useDraft("new.text", "");
  const { submit, sending, error } = useSubmit("", "start");

  const start = async (event: FormEvent) => {
    event.preventDefault();
    const body = {
      workflow: workflow.name,
      sow,
      inputs: Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== "")),
      ...(id.trim() ? { id: id.trim() } : {}),
      ...(workflow.after.length && after ? { after } : {}),
      ...(rehearsal ? { model: "rehearsal" } : {}),
    };
    const begun = await submit(body, (key) =>
      read(api.POST("/projects", { body, headers: once(key) })),
    );
    if (!begun) return;
    dropText();
    await navigate({ to: "/app/p/$id", params: { id: begun.id } });
  };

  return (
    <Panel aria-labelledby="start">
      <form className="flex flex-col gap-4" onSubmit={(event) => void start(event)}>
        <h2 id="start" className="text-lg font-semibold">
          {t("4. Start")}
        </h2>
        <Field
          label={t("Engagement name")}
          help={t(
            "Lowercase letters, digits and hyphens. If left empty, it is derived from the file name.",
          )}
        >
          {(field, help) => (
            <Input
              id={field}
              aria-describedby={help}
              pattern="[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?"
              className="max-w-sm"
              value={id}
              onChange={({ target }) => setId(target.value)}
            />
          )}
        </Field>
        {workflow.after.length ? (
          <Continues workflows={workflow.after} value={after} onChange={setAfter} />
        ) : null}
        {workflow.inputs.map((input) => (
          <Choice
            key={input.name}
            input={input}
            value={inputs[input.name] ?? ""}
            onChange={(value) => setInputs((all) => ({ ...all, [input.name]: value }))}
          />
        ))}
        <label className="flex items-start gap-3">
          <input
            type="checkbox"
            className="mt-1 size-5 accent-primary"
            checked={rehearsal}
            onChange={({ target }) => setRehearsal(target.checked)}
          />
          <span>
            {t("Run as a rehearsal")}
            <span className="block text-sm text-muted">
              {t(
                "Runs the whole engagement with made-up replies. No live model is called, and it costs nothing.",
              )}
            </span>
          </span>
        </label>
        <Refusal error={error} />
        <Button type="submit" look="primary" className="self-start" disabled={sending !== "idle"}>
          {rehearsal ? t("Start the rehearsal") : t("Start the engagement")}
        </Button>
        <p className="text-sm text-muted">
          {t("You ({who}) will be its owner.", { who: who.data?.name ?? "" })}
        </p>
      </form>
    </Panel>
  );
}
