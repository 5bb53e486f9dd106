import { i18n } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { now } from "@/api/client";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

type Values = Record<string, unknown>;

/** Texts of the page in the language of the person. A text is named by its English words. */
export type Say = (english: string, values?: Values) => string;

export function useText(): Say {
  const { i18n: chosen } = useLingui();
  return (english, values) => chosen._(english, values);
}

export async function speak(language: Language): Promise<void> {
  const catalog =
    language === "de" ? await import("virtual:messages/de") : await import("virtual:messages/en");
  i18n.loadAndActivate({ locale: language, messages: catalog.messages });
  document.documentElement.lang = language;
}

/** The language that a person chose, or the first one of the browser that there is. */
export function preferred(chosen: string | undefined): Language {
  const wanted = [chosen, ...navigator.languages].map((name) => name?.slice(0, 2));
  return (wanted.find((name) => name && name in LANGUAGES) ?? "en") as Language;
}

/** Where the person is, as far as it fits the language of the page: `en-GB`. */
const region = (): string =>
  navigator.languages.find((name) => name.startsWith(i18n.locale)) ?? i18n.locale;

const MINUTE = 60_000;

/** `5 minutes ago`, `in 3 days`. */
export function ago(time: string): string {
  const minutes = Math.round((Date.parse(time) - now()) / MINUTE);
  const format = new Intl.RelativeTimeFormat(region(), { numeric: "auto" });
  const size = Math.abs(minutes);
  if (size < 60) return format.format(minutes, "minute");
  if (size < 48 * 60) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 1440), "day");
}

/** The whole date and time. */
export const exact = (time: string): string =>
  new Intl.DateTimeFormat(region(), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(time),
  );

export const clock = (time: string): string =>
  new Intl.DateTimeFormat(region(), { timeStyle: "medium" }).format(new Date(time));

/** Money, from millionths of a US dollar. */
export function money(micro: number): string {
  const digits = micro !== 0 && micro < 100_000 ? 4 : 2;
  return new Intl.NumberFormat(region(), {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(micro / 1_000_000);
}

export const number = (value: number): string => new Intl.NumberFormat(region()).format(value);

/** `12.3K`. */
export const short = (value: number): string =>
  new Intl.NumberFormat(region(), { notation: "compact", maximumFractionDigits: 1 }).format(value);

export const bytes = (value: number): string =>
  value < 1024
    ? `${value} B`
    : value < 1024 * 1024
      ? `${(value / 1024).toFixed(1)} KiB`
      : `${(value / 1024 / 1024).toFixed(1)} MiB`;
