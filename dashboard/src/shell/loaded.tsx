import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Refused, Unreachable } from "@/api/client";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/parts";
import { type Say, useText } from "./text";

/** Shows what a query has read; until then that it reads, or why it cannot. */
export function Loaded<T>(props: {
  of: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}): ReactNode {
  const t = useText();
  const { of, children } = props;
  if (of.data !== undefined) {
    return (
      <>
        {of.isError ? <Old error={of.error} again={() => void of.refetch()} /> : null}
        {children(of.data)}
      </>
    );
  }
  if (of.isError) return <Failed error={of.error} again={() => void of.refetch()} />;
  return (
    <p role="status" className="py-6 text-muted">
      {t("Loading…")}
    </p>
  );
}

/** What is shown is not of now. */
function Old({ error, again }: { error: Error; again: () => void }) {
  const t = useText();
  return (
    <Notice>
      <span>{t("This may be out of date: {why}", { why: reason(t, error) })} </span>
      <Button look="quiet" onClick={again}>
        {t("Try again")}
      </Button>
    </Notice>
  );
}

export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const t = useText();
  return (
    <div className="my-6 flex flex-col items-start gap-3">
      <Notice tone="bad">{reason(t, error)}</Notice>
      {again ? <Button onClick={again}>{t("Try again")}</Button> : null}
    </div>
  );
}

/** Why something did not work, in a sentence for the person. */
export function reason(t: Say, error: Error): string {
  if (error instanceof Unreachable) {
    return t("The service cannot be reached. Nothing you typed is lost.");
  }
  if (!(error instanceof Refused))
    return t("Something went wrong on this page: {why}", { why: error.message });
  switch (error.status) {
    case 401:
      return t("Your session has ended. Log in again; nothing you typed is lost.");
    case 403:
      return t("You are not allowed to do this: {why}", { why: error.message });
    case 404:
      return t("This does not exist, or you do not have access to it.");
    case 429:
      return t("Too many requests. Wait a moment, then try again.");
    case 503:
      return t("The service is busy: {why}", { why: error.message });
    default:
      return error.status >= 500
        ? t("Something went wrong in the service. Nothing you typed is lost.")
        : error.message;
  }
}
