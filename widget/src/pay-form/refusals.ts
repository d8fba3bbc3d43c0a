import { ApiError } from "./api.ts";

/** Nothing works here until the page has a new session. */
export function isSessionLost(error: unknown): boolean {
  // Of a tenant's: suspended, deleting, mismatch, unknown; the others pass by themselves.
  const codes = /^(token_|proof_|tenant_([sd]|mis|unk)|scope_|session_ended|no_token|insecure_page|page_)/;
  return error instanceof ApiError && codes.test(error.code);
}

/** The list on screen is no longer true. */
export function makesListStale({ code }: ApiError): boolean {
  return /^(amount_changed|invoice_closed|amount_exceeds_balance|payment_in_progress|not_found|currency_mismatch)$/.test(
    code,
  );
}

/** A definite refusal of a payment that may exist all the same. */
export function mayBeStored({ code }: ApiError, tries: number): boolean {
  return tries > 1 || code === "payment_in_progress" || code === "idempotency_mismatch";
}
