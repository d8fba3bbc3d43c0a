import type { Context } from "../context/context.ts";
import { wake } from "../context/wake.ts";
import { deliveries as delivered, tenantLabel } from "../telemetry/metrics.ts";
import { inSpan } from "../telemetry/tracing.ts";
import { retryInMs } from "./backoff.ts";
import { markDead, markDone, retryLater } from "./conclude.ts";
import type { Deliveries, Delivery, DeliveryOutcome } from "./delivery.ts";
import { keepLease } from "./keep-lease.ts";
import { leaseRow, nextTurn } from "./lease-row.ts";
import { maxTries, type OutboxRow, type TryTiming, tryTiming } from "./outbox-row.ts";

export type OutboxResult = { kind: "done" | "retry" | "dead" } | { kind: "busy" };

/**
 * One try to deliver one outbox row. Safe to call at any time, any number of times, by any number of
 * workers: the lease lets one through, and a worker that lost its lease changes nothing.
 *
 * What is delivered once: an ERP payment (the connector looks before it posts). What is delivered at
 * least once: an email, when the process dies between the mail server's yes and our commit; the
 * second copy has the same Message-ID.
 *
 * @param input.deliveries what becomes of each kind of row
 * @param input.signal the worker is stopping: the try ends early and is made again
 * @param input.timing default as in production
 * @returns `busy`: not due, leased to another, or finished. Nothing was done.
 */
export async function runOutbox({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string; deliveries: Deliveries; signal?: AbortSignal; timing?: TryTiming };
}): Promise<OutboxResult> {
  const { timing = tryTiming } = input;
  const { leaseS } = timing;
  const leased = await leaseRow({ ctx, input: { id: input.id, leaseS } });
  if (!leased) {
    // This wake-up may have taken the place of the one that was set for later.
    const runAt = await nextTurn({ ctx, input });
    if (runAt) await wake(ctx, [{ kind: "outbox", id: input.id, runAt }]);
    return { kind: "busy" };
  }
  const delivery = input.deliveries[leased.kind];
  const endings = [
    AbortSignal.timeout(Math.min(delivery.timeoutMs ?? Number.POSITIVE_INFINITY, timing.tryTimeoutMs)),
    ...(input.signal ? [input.signal] : []),
  ];
  const work = (lost: AbortSignal) => {
    const signal = AbortSignal.any([...endings, lost]);
    return attempt({ ctx, input: { row: leased, delivery, signal } });
  };
  const { result: outcome, row } = await keepLease({ ctx, input: { row: leased, leaseS, work } });
  const result = await settle({ ctx, input: { row, delivery, outcome } });
  delivered.inc({ kind: row.kind, outcome: result.kind, tenant: tenantLabel(ctx.tenant.slug) });
  return result;
}

async function settle({
  ctx,
  input: { row, delivery, outcome },
}: {
  ctx: Context;
  input: { row: OutboxRow; delivery: Delivery; outcome: DeliveryOutcome };
}): Promise<OutboxResult> {
  switch (outcome.kind) {
    case "done": {
      const { conclude = markDone } = delivery;
      await conclude({ ctx, input: { row, result: outcome.result } });
      return { kind: "done" };
    }
    case "undeliverable":
      await markDead({ ctx, input: { row, cause: outcome.cause } });
      return { kind: "dead" };
    case "retry": {
      if (row.tries >= maxTries) {
        await markDead({ ctx, input: { row, cause: outcome.cause } });
        return { kind: "dead" };
      }
      const inMs = retryInMs(row.tries, outcome.retryAfterMs);
      await retryLater({ ctx, input: { row, cause: outcome.cause, inMs } });
      await wake(ctx, [{ kind: "outbox", id: row.id, runAt: new Date(Date.now() + inMs) }]);
      return { kind: "retry" };
    }
  }
}

async function attempt({
  ctx,
  input: { row, delivery, signal },
}: {
  ctx: Context;
  input: { row: OutboxRow; delivery: Delivery; signal: AbortSignal };
}): Promise<DeliveryOutcome> {
  // Workers died on it again and again without saying why.
  if (row.tries > maxTries) return { kind: "undeliverable", cause: "no try ever came to an end" };
  try {
    const span = { name: delivery.name, attributes: { "payment.id": row.payment_id } };
    return await inSpan(span, () => delivery.deliver({ ctx, input: { row, signal } }));
  } catch (error) {
    ctx.log.error({ err: error, outboxId: row.id, kind: row.kind }, "delivering failed unexpectedly");
    return {
      kind: "retry",
      cause: error instanceof Error ? error.message : String(error),
      retryAfterMs: null,
    };
  }
}
