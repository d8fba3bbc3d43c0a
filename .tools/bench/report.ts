/** One line of `npm run bench`. `ratio` is value ÷ baseline, both measured in this run. */
import { mkdirSync, writeFileSync } from "node:fs";

export interface Figure {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  ratio: number | null;
}

export function figure(name: string, value: number, unit: string, baseline: number | null = null): Figure {
  const round = (x: number) => Number(x.toPrecision(4));
  return {
    name,
    value: round(value),
    unit,
    baseline: baseline === null ? null : round(baseline),
    ratio: baseline === null ? null : round(value / baseline),
  };
}

/** Prints the table and writes `.bench/latest.json`. */
export function report(figures: readonly Figure[]): void {
  mkdirSync(".bench", { recursive: true });
  writeFileSync(".bench/latest.json", `${JSON.stringify(figures, null, 2)}\n`);
  console.table(Object.fromEntries(figures.map(({ name, ...rest }) => [name, rest])));
}
