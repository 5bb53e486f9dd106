import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { me } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Field, Notice, Panel, Select, Title } from "@/components/ui/parts";
import { type Preferences, prefer, usePreferences } from "@/shell/preferences";
import { logOut } from "@/shell/session";
import { reason } from "@/shell/loaded";
import { LANGUAGES, preferred, speak, useText } from "@/shell/text";

/** What a person sets for this browser. */
export function Settings() {
  const t = useText();
  const now = usePreferences();
  const who = useQuery(me);
  const [error, setError] = useState<Error | undefined>(undefined);
  const language = preferred(now.language);
  return (
    <div className="flex max-w-2xl flex-col gap-5">
      <Title text={t("Settings")} />
      <Panel className="flex flex-col gap-4">
        <Field label={t("Language")}>
          {(id) => (
            <Select
              id={id}
              value={language}
              onChange={({ target }) => {
                prefer({ language: target.value });
                void speak(preferred(target.value));
              }}
            >
              {Object.entries(LANGUAGES).map(([code, name]) => (
                <option key={code} value={code} lang={code}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t("Theme")}>
          {(id) => (
            <Select
              id={id}
              value={now.theme}
              onChange={({ target }) => prefer({ theme: target.value as Preferences["theme"] })}
            >
              <option value="system">{t("Same as system")}</option>
              <option value="light">{t("Light")}</option>
              <option value="dark">{t("Dark")}</option>
            </Select>
          )}
        </Field>
        <Field label={t("Motion")}>
          {(id) => (
            <Select
              id={id}
              value={now.motion}
              onChange={({ target }) => prefer({ motion: target.value as Preferences["motion"] })}
            >
              <option value="system">{t("Same as system")}</option>
              <option value="less">{t("Reduced")}</option>
            </Select>
          )}
        </Field>
        <label className="flex items-start gap-3">
          <input
            type="checkbox"
            className="mt-1 size-5 accent-primary"
            checked={now.keys}
            onChange={({ target }) => prefer({ keys: target.checked })}
          />
          <span>
            {t("Single-key shortcuts")}
            <span className="block text-sm text-muted">
              {t(
                "Inbox: j and k move between requests. Review: n and p move between changes; v marks a file as viewed. Ctrl+K always works.",
              )}
            </span>
          </span>
        </label>
      </Panel>
      <Panel className="flex flex-col gap-3">
        <h2 className="font-semibold">{t("Session")}</h2>
        {who.data ? (
          <p>
            {t("You are logged in as {name}.", { name: who.data.name })}{" "}
            {who.data.groups.length
              ? t("Groups: {groups}.", { groups: who.data.groups.join(", ") })
              : ""}{" "}
            {who.data.operates ? t("You are an operator of this service.") : ""}
          </p>
        ) : null}
        {error ? <Notice tone="bad">{reason(t, error)}</Notice> : null}
        <Button
          className="self-start"
          onClick={() => void logOut().catch((why: Error) => setError(why))}
        >
          {t("Log out")}
        </Button>
        <p className="text-sm text-muted">
          {t("Logging out also deletes anything you typed but did not send.")}
        </p>
      </Panel>
    </div>
  );
}
