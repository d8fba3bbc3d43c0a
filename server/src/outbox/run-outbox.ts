import type { Context } from "../context.ts";
import { sendReceipt } from "../email/send-receipt.ts";
import { settleInERP } from "../payments/settle-in-erp.ts";
import { findPaymentRow, type PaymentRow } from "../payments/statements/payment-row.ts";
import { wake } from "../payments/wake.ts";
import { deliveries, tenantLabel } from "../telemetry/metrics.ts";
import { inSpan } from "../telemetry/tracing.ts";
import { retryInMs } from "./backoff.ts";
import { markDead, markDone, retryLater } from "./conclude.ts";
import { leaseRow, nextTurn } from "./lease-row.ts";
import { type Delivery, maxTries, type OutboxRow, tryTimeoutMs } from "./outbox-row.ts";
import { postToERP } from "./post-to-erp.ts";

export type OutboxResult = { kind: "done" | "retry" | "dead" } | { kind: "busy" };

/**
 * One try to deliver one outbox row. Safe to call at any time, any number of times, by any number of
 * workers: the lease lets one through, and a worker that lost its lease changes nothing.
 *
 * What is delivered once: an ERP payment (the connector looks before it posts). What is delivered at
 * least once: an email, when the process dies between the mail server's yes and our commit; the
 * second copy has the same Message-ID.
 *
 * @param input.signal the worker is stopping: the try ends early and is made again
 * @returns `busy`: not due, leased to another, or finished. Nothing was done.
 */
export async function runOutbox({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string; signal?: AbortSignal };
}): Promise<OutboxResult> {
  const row = await leaseRow({ ctx, input });
  if (!row) {
    // This wake-up may have taken the place of the one that was set for later.
    const runAt = await nextTurn({ ctx, input });
    if (runAt) await wake(ctx, [{ kind: "outbox", id: input.id, runAt }]);
    return { kind: "busy" };
  }
  const payment = await findPaymentRow(ctx, row.payment_id);
  if (!payment) throw new Error(`outbox row ${row.id} belongs to no payment`);

  const delivery = await deliver({ ctx, input: { row, payment, signal: within(input.signal) } });
  const result = await settle({ ctx, input: { row, delivery } });
  deliveries.inc({ kind: row.kind, outcome: result.kind, tenant: tenantLabel(ctx.tenant.slug) });
  return result;
}

async function settle({
  ctx,
  input: { row, delivery },
}: {
  ctx: Context;
  input: { row: OutboxRow; delivery: Delivery };
}): Promise<OutboxResult> {
  switch (delivery.kind) {
    case "done":
      await conclude({ ctx, input: { row, result: delivery.result } });
      return { kind: "done" };
    case "refused":
      await markDead({ ctx, input: { row, cause: delivery.cause } });
      return { kind: "dead" };
    case "retry": {
      if (row.tries >= maxTries) {
        await markDead({ ctx, input: { row, cause: delivery.cause } });
        return { kind: "dead" };
      }
      const inMs = retryInMs(row.tries, delivery.retryAfterMs);
      await retryLater({ ctx, input: { row, cause: delivery.cause, inMs } });
      await wake(ctx, [{ kind: "outbox", id: row.id, runAt: new Date(Date.now() + inMs) }]);
      return { kind: "retry" };
    }
  }
}

async function deliver({
  ctx,
  input,
}: {
  ctx: Context;
  input: { row: OutboxRow; payment: PaymentRow; signal: AbortSignal };
}): Promise<Delivery> {
  const { row, payment, signal } = input;
  // Workers died on it again and again without saying why.
  if (row.tries > maxTries) return { kind: "refused", cause: "no try ever came to an end" };
  try {
    const name = row.kind === "erp_post" ? "SyncPayment" : "SendReceipt";
    return await inSpan({ name, attributes: { "payment.id": payment.id } }, () =>
      row.kind === "erp_post"
        ? postToERP({ ctx, input: { payment, signal } })
        : sendReceipt({ ctx, input: { payment, outboxId: row.id, signal } }),
    );
  } catch (error) {
    ctx.log.error({ err: error, outboxId: row.id, kind: row.kind }, "delivering failed unexpectedly");
    return {
      kind: "retry",
      cause: error instanceof Error ? error.message : String(error),
      retryAfterMs: null,
    };
  }
}

/** The ERP's yes moves the invoices' balances in the same statement. */
async function conclude({
  ctx,
  input: { row, result },
}: {
  ctx: Context;
  input: { row: OutboxRow; result: Record<string, unknown> };
}): Promise<void> {
  if (row.kind === "receipt_email") return markDone({ ctx, input: { row, result } });
  const posted = result as { erpRef: string; already: boolean };
  await settleInERP({ ctx, input: { paymentId: row.payment_id, result: posted } });
}

function within(stopping: AbortSignal | undefined): AbortSignal {
  const late = AbortSignal.timeout(tryTimeoutMs);
  return stopping ? AbortSignal.any([stopping, late]) : late;
}
