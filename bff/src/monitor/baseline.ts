import { z } from "zod";
import type { Look } from "./look.ts";

/** A look as a file that people can read. */
const Stored = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string().transform((text) => new TextEncoder().encode(text)),
});
const Baseline = z.object({ page: Stored, scripts: z.record(z.string(), Stored) });

/** @throws ZodError, SyntaxError when it is none */
export const readBaseline = (text: string): Look => Baseline.parse(JSON.parse(text));

export function writeBaseline({ page, scripts }: Look): string {
  const stored = (one: Look["page"]) => ({ ...one, body: new TextDecoder().decode(one.body) });
  const all = Object.fromEntries(Object.entries(scripts).map(([path, one]) => [path, stored(one)]));
  return `${JSON.stringify({ page: stored(page), scripts: all }, null, 2)}\n`;
}
