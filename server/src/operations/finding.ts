import type { TenantRecord } from "../registry/tenant-record.ts";
import type { Operator } from "./operator.ts";

export interface Finding {
  /** false: something is wrong. true with `advice`: nothing is, and somebody should look. */
  ok: boolean;
  what: string;
  /** Why it matters; null: nothing does. */
  why: string | null;
  /** What to do about it, the command included; null: nothing. */
  advice: string | null;
}

/** What a check looks at. */
export interface Examination {
  ctx: Operator;
  /** All tenants, by slug. */
  records: readonly TenantRecord[];
  now: Date;
}

/** Looks at one kind of fault and changes nothing. What it throws becomes a finding. */
export type Check = (examination: Examination) => Promise<Finding[]>;

export const fine = (what: string): Finding => ({ ok: true, what, why: null, advice: null });
export const bad = (what: string, why: string, advice: string): Finding => ({ ok: false, what, why, advice });
/** Works, and somebody should look. */
export const note = (what: string, why: string, advice: string): Finding => ({ ok: true, what, why, advice });

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message || String((error as { code?: unknown }).code ?? error.name) : "?";
