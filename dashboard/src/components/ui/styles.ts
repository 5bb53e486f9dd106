import { type ClassValue, clsx } from "clsx";
import { twMerge } from "tailwind-merge";

/** Joins class names; later ones win. */
export const classes = (...names: ClassValue[]): string => twMerge(clsx(names));
