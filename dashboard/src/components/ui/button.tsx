import type { ComponentProps } from "react";
import { classes } from "./styles";

type Look = "primary" | "outline" | "quiet" | "danger";

const looks: Record<Look, string> = {
  primary: "bg-primary text-on-primary border-transparent hover:brightness-110",
  outline: "bg-surface text-foreground border-control hover:bg-soft",
  quiet: "bg-transparent text-foreground border-transparent hover:bg-soft",
  danger: "bg-surface text-bad border-bad hover:bg-bad-soft",
};

export const buttonLook = (look: Look = "outline", more?: string): string =>
  classes(
    "inline-flex min-h-9 items-center justify-center gap-2 rounded-md border px-3 py-1.5",
    "text-sm font-medium disabled:opacity-60 aria-disabled:opacity-60",
    looks[look],
    more,
  );

export function Button({
  look,
  className,
  type = "button",
  ...rest
}: ComponentProps<"button"> & { look?: Look }) {
  return <button type={type} className={buttonLook(look, className)} {...rest} />;
}
