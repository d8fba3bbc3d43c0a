/** What a compiled theme promises to be legible, as data: the compiler checks what it had to waive. */
import { contrast, type Paint } from "./color.ts";
import type { ColorTokenName } from "./tokens.ts";

export interface ContrastPromise {
  token: ColorTokenName;
  against: ColorTokenName;
  /** Least WCAG 2 contrast ratio. */
  ratio: number;
}

const surfaces = ["bg", "surface", "sunken"] as const;
const onSurfaces = (token: ColorTokenName, ratio: number): ContrastPromise[] =>
  surfaces.map((against) => ({ token, against, ratio }));

const labels: [label: ColorTokenName, fill: ColorTokenName][] = [
  ["on-primary", "primary"],
  ["on-primary", "primary-hover"],
  ["on-primary", "primary-active"],
  ["on-accent", "accent"],
  ["on-danger", "danger"],
  ["on-success", "success"],
  ["on-warning", "warning"],
  ["on-info", "info"],
];

export const contrastPromises: readonly ContrastPromise[] = [
  ...onSurfaces("text", 7),
  ...(["text-muted", "placeholder", "link", "danger", "success", "warning", "info"] as const).flatMap(
    (token) => onSurfaces(token, 4.5),
  ),
  ...(["control", "ring", "primary", "accent"] as const).flatMap((token) => onSurfaces(token, 3)),
  ...labels.map(([token, against]) => ({ token, against, ratio: 4.5 })),
];

/** A promise given up for `keepExactBrand`. */
export interface Waiver extends ContrastPromise {
  mode: "light" | "dark";
  /** The ratio it has instead. */
  actual: number;
}

export function brokenPromises(
  colors: Record<ColorTokenName, Paint>,
): (ContrastPromise & { actual: number })[] {
  return contrastPromises
    .map((promise) => ({ ...promise, actual: contrast(colors[promise.token], colors[promise.against]) }))
    .filter(({ actual, ratio }) => actual < ratio);
}
