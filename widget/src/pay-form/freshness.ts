import type { Freshness } from "@clarity/bff/contract";
import type { ListKnown } from "./state.ts";

/** When the first invoice is chosen, a list older than this is read again, ms. */
export const staleMs = 45_000;
/** Looks one after the other, until the payer does something: about a quarter of an hour. */
export const mostLooks = 40;
/** The pauses between them grow up to this, ms. */
const longestMs = 30_000;
/** Where the server did not say when to look again, ms. */
const usualMs = 10_000;

/** `freshness` absent: a server that asked the ERP before it answered. */
export function knownOf(freshness: Freshness | undefined, nowMs: number): ListKnown {
  const { state = "current", ageMs = 0, askAgainInMs = null } = freshness ?? {};
  return { state, askAgainInMs, readAtMs: ageMs === null ? null : nowMs - ageMs };
}

/** The ERP cannot be asked: what is known stays, and is looked at again. */
export const outOfReach = (list: ListKnown, retryAfterMs: number): ListKnown => ({
  ...list,
  state: "unreachable",
  askAgainInMs: Math.max(usualMs, retryAfterMs),
});

/** Before look number `looks`, from 0: what the server said, longer each time, and up to a quarter more by chance. */
export function pauseMs({ askAgainInMs }: ListKnown, looks: number, random: number): number {
  const grown = Math.min((askAgainInMs ?? usualMs) * 1.3 ** looks, longestMs);
  return Math.round(Math.max(grown, askAgainInMs ?? 0) * (1 + random / 4));
}
