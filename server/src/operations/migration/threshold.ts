import type { Ring } from "./rings.ts";

/** How many tenants of a ring may fail before the fleet is left alone: a number, or a share of the ring. */
export type MaxFailures = { readonly count: number } | { readonly percent: number };

/** A canary is there to stop the others; of a larger ring one bad database shall not. */
const defaults: Record<Ring, MaxFailures> = {
  canary: { count: 0 },
  early: { percent: 2 },
  rest: { percent: 2 },
};

/** A share is rounded up: of a ring with any tenants, 1 % is at least one. */
export function allowedFailures(input: {
  ring: Ring;
  size: number;
  maxFailures?: MaxFailures | undefined;
}): number {
  const limit = input.maxFailures ?? defaults[input.ring];
  return "count" in limit ? limit.count : Math.ceil((limit.percent / 100) * input.size);
}

/** `3` or `2.5%`; null: neither. */
export function parseMaxFailures(text: string): MaxFailures | null {
  const match = /^(\d+)$|^(\d+(?:\.\d+)?)%$/.exec(text);
  const [, count, percent] = match ?? [];
  if (count !== undefined) return { count: Number(count) };
  if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
  return null;
}
