import { createHash } from "node:crypto";
import type { PaymentRequest } from "../../contract/index.ts";

/** SHA-256 over who asks for what: the same id with another fingerprint is another request. */
export function fingerprintOf(customerId: string, request: PaymentRequest): Uint8Array {
  const lines = request.lines.map((line) => [line.invoiceId, line.amountMinor]);
  const { method, shown } = request;
  const canonical = [
    customerId,
    request.currency,
    lines,
    method.type,
    method.token,
    shown.surchargeMinor,
    shown.totalMinor,
  ];
  return createHash("sha256").update(JSON.stringify(canonical)).digest();
}
