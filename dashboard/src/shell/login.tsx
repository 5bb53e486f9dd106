import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Button, buttonLook } from "@/components/ui/button";
import { Field, Input, Notice, Panel, Title } from "@/components/ui/parts";
import { logIn, refusedToken } from "./session";
import { useText } from "./text";

/** Asks who is there. With an identity provider, the browser logs in there; otherwise by a token. */
export function Login({ login }: { login: string | undefined }) {
  const t = useText();
  const queries = useQueryClient();
  const [token, setToken] = useState("");
  const [fault, setFault] = useState(refusedToken);
  const then = encodeURIComponent(location.pathname + location.search);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const refused = await logIn(token);
    setFault(refused);
    if (!refused) {
      setToken("");
      // What was read for somebody else is not shown to whoever is there now.
      await queries.resetQueries();
    }
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 p-4">
      <Title text={t("Log in")} />
      {fault === "unknown" ? <Notice tone="bad">{t("This token is not valid.")}</Notice> : null}
      {fault === "unreachable" ? (
        <Notice tone="bad">{t("The service cannot be reached. Try again.")}</Notice>
      ) : null}
      {login ? (
        <a className={buttonLook("primary")} href={`${login}?then=${then}`}>
          {t("Log in")}
        </a>
      ) : (
        <Panel>
          <form className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
            <Field
              label={t("Token")}
              help={t("The service prints it at startup, together with a login link.")}
            >
              {(id, help) => (
                <Input
                  id={id}
                  aria-describedby={help}
                  type="password"
                  autoComplete="current-password"
                  required
                  value={token}
                  onChange={(event) => setToken(event.target.value)}
                />
              )}
            </Field>
            <Button look="primary" type="submit">
              {t("Log in")}
            </Button>
          </form>
        </Panel>
      )}
    </main>
  );
}
