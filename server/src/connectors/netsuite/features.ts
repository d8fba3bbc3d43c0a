import { NotInAccount } from "./errors.ts";

/** Looked at anew after this, ms: a feature may have been switched on, and then the column must be asked for. */
const forgottenAfterMs = 10 * 60_000;

/**
 * What an account lacks, as features that are off take columns, records and fields away. Nothing is asked ahead:
 * a refusal that names the thing is how it is learnt.
 */
export interface Features {
  has(name: Optional): boolean;
  lacks(name: Optional): void;
  /**
   * Asks again without what the account turned out to lack.
   * @param names what the question can do without
   * @throws NotInAccount when it lacks anything else; whatever `ask` throws
   */
  without<T>(names: readonly Optional[], ask: () => Promise<T>): Promise<T>;
}

/** Multiple currencies, subsidiaries, payment instruments; in SuiteQL in lower case. */
export type Optional = "currency" | "subsidiary" | "handlingMode";

/** @param now milliseconds; default a clock that only goes forward */
export function createFeatures(now: () => number = () => performance.now()): Features {
  const lackedUntil = new Map<Optional, number>();
  const has = (name: Optional) => (lackedUntil.get(name) ?? Number.NEGATIVE_INFINITY) <= now();
  const lacks = (name: Optional) => void lackedUntil.set(name, now() + forgottenAfterMs);
  return {
    has,
    lacks,
    async without(names, ask) {
      for (;;) {
        try {
          return await ask();
        } catch (error) {
          const known = names.find((name) => error instanceof NotInAccount && error.missing === name);
          // Asked without it and refused for it all the same: that would go on for ever.
          if (!known || !has(known)) throw error;
          lacks(known);
        }
      }
    },
  };
}
