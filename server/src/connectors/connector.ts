/**
 * The ERP side's seam. A connector speaks for one tenant to one ERP. Reading throws `ErpError`;
 * posting answers a value, because what to do next depends on it.
 */
export interface Connector {
  readonly id: string;
  /** The customer and every open invoice, all currencies. @throws ErpError */
  openInvoices(input: { customerId: string; signal: AbortSignal }): Promise<ErpAccount>;
  /**
   * Posts a captured payment exactly once: first (or by upsert) looks for `externalId`, so that a
   * lost answer never posts twice. Waits for its turn under the ERP's concurrency limit.
   */
  postPayment(input: { payment: ErpPayment; signal: AbortSignal }): Promise<PostResult>;
  /**
   * Tries the settings: what the account answers, which columns and fields it has, whether its accounts take what
   * would be deposited there. Reads only. For whoever sets the connector up, in their words. Never throws.
   */
  probe(input: { signal: AbortSignal }): Promise<ErpFinding[]>;
}

/** One thing a probe looked at. */
export interface ErpFinding {
  /** false: payments would fail. true with `advice`: they would not, and somebody should look. */
  ok: boolean;
  what: string;
  /** What to do about it; null: nothing. */
  advice: string | null;
}

export interface ErpAccount {
  customer: { id: string; name: string; email: string | null };
  invoices: ErpInvoice[];
  /** Open there and not offered here, as they cannot be paid exactly. The others are served. Default: none. */
  withheld?: readonly { number: string; why: string }[];
}

export interface ErpInvoice {
  id: string;
  number: string;
  currency: string;
  totalMinor: bigint;
  openMinor: bigint;
  /** `YYYY-MM-DD`. */
  issuedOn: string;
  dueOn: string;
}

export interface ErpPayment {
  /** Stable across retries: `pay_<payment id>` within 40 characters. */
  externalId: string;
  customerId: string;
  currency: string;
  /** Sum of the lines. The surcharge is no part of it. */
  amountMinor: bigint;
  /** Extra revenue the payer was shown as a surcharge; 0n for none. */
  surchargeMinor: bigint;
  /** `YYYY-MM-DD` of the capture, in the seller's calendar. */
  capturedOn: string;
  providerRef: string;
  memo: string;
  lines: { invoiceId: string; invoiceNumber: string; amountMinor: bigint }[];
}

export type PostResult =
  | {
      kind: "posted";
      erpRef: string /** Found from an earlier try whose answer was lost. */;
      already: boolean;
    }
  /** Try again: rate limit, 5xx, time-out. `retryAfterMs` as the ERP said, else null. */
  | { kind: "retry"; cause: string; retryAfterMs: number | null }
  /** A person must look: the invoice was paid or voided meanwhile, a field is refused. */
  | { kind: "refused"; cause: string };

/** Codes are for us; `message` is internal and never leaves. */
export class ErpError extends Error {
  readonly code: "unreachable" | "throttled" | "unauthorized" | "not_found" | "protocol";
  readonly retryAfterMs: number | null;
  constructor(
    code: ErpError["code"],
    message: string,
    options?: { cause?: unknown; retryAfterMs?: number | null },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ErpError";
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs ?? null;
  }
}
