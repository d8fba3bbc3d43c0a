import { type Refused, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { wake } from "../context/wake.ts";
import { leaseS } from "./attempt.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { closedUnpaidStates, openPaymentStates } from "./states.ts";

/**
 * News from the provider: verified over the raw bytes, stored once, then the provider itself is asked
 * what is true. Answer 202 on `accepted`, a duplicate included: what could not be resolved now is due
 * in the attempts table.
 *
 * @returns refused `not_found` (not this tenant's provider) or `proof_invalid` (forged, its time
 * stamp is more than 5 min off, or its ids are none).
 */
export async function acceptWebhook({
  ctx,
  input,
}: {
  ctx: Context;
  input: { provider: string; body: Uint8Array; headers: Headers };
}): Promise<{ kind: "accepted" } | Refused<"not_found" | "proof_invalid">> {
  const provider = await ctx.provider();
  if (provider.id !== input.provider) return refused("not_found");
  const { body, headers } = input;
  const news = await provider.readWebhook({ body, headers, now: ctx.now() });
  if (!news || !isId(news.eventId) || !isId(news.reference)) {
    return refused("proof_invalid");
  }

  const attemptId = await storeOnce(ctx, provider.id, news);
  if (!attemptId) return { kind: "accepted" };
  try {
    const { kind } = await resolveAttempt({ ctx, input: { attemptId } });
    if (kind === "busy") {
      // Whoever holds it may have asked just before the news: ask once more when the lease is over.
      const runAt = new Date(ctx.now().getTime() + leaseS * 1_000);
      await wake(ctx, [{ kind: "resolve_attempt", id: attemptId, runAt }]);
    }
  } catch (error) {
    ctx.log.error({ err: error, attemptId }, "resolving after a webhook failed: the sweep will");
  }
  return { kind: "accepted" };
}

/** Printable ASCII that fits an index: what is not cannot be stored, and no provider sends it. */
const isId = (text: string) => /^[\x20-\x7e]{1,255}$/.test(text);

/** The attempt the news is about when the event is new to us, made due for the sweep; else `null`. */
async function storeOnce(
  ctx: Context,
  provider: string,
  { eventId, reference }: { eventId: string; reference: string },
): Promise<string | null> {
  const attemptId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(reference) ? reference : null;
  const rows = await ctx.db.query<{ tenant_id: string; id: string }>`
    with event as (
      insert into pay.webhook_events (tenant_id, provider, event_id, reference)
      values (${ctx.tenant.id}::uuid, ${provider}, ${eventId}, ${reference})
      on conflict (tenant_id, provider, event_id) do nothing
      returning tenant_id
    )
    update pay.attempts a set next_check_at = least(a.next_check_at, now())
    from event
    where a.tenant_id = event.tenant_id and a.id = ${attemptId}::uuid
      and a.state = any(${[...openPaymentStates, ...closedUnpaidStates]}::text[])
    returning a.tenant_id, a.id`;
  return rows[0]?.id ?? null;
}
