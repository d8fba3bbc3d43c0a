import { expireChallenges } from "../charges/challenge.ts";
import type { Sql } from "../database/database.ts";
import { logFailure } from "../log.ts";
import { postJson } from "./post.ts";
import { signWebhook } from "./sign.ts";

export interface Deliverer {
  /** There may be news: look now. */
  wake(): void;
  /** Stops at once; what was on its way is sent again after the next start, under its same id. */
  stop(): Promise<void>;
}

interface DueEvent {
  id: string;
  body: string;
  copies: number;
  attempts: number;
  webhookUrl: string;
  webhookSecret: string;
}

const maxInFlight = 16;
/** Between two looks when nothing wakes the deliverer: how late a retry or an expiry may be noticed. */
const idleMs = 500;
/** An event taken by a process that died is due again after this; longer than a delivery can last. */
const leaseS = 30;
const firstRetryMs = 500;
const maxRetryMs = 60_000;

/** Sends queued events until each is answered with 2xx, doubling the pause up to a minute. */
export function startDeliverer(sql: Sql): Deliverer {
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();
  let alarm = Promise.withResolvers<void>();
  const wake = () => alarm.resolve();

  const run = async () => {
    while (!stopping.signal.aborted) {
      alarm = Promise.withResolvers();
      try {
        await expireChallenges(sql);
        for (const event of await takeDue(sql, maxInFlight - inFlight.size)) {
          const delivery = deliver({ sql, event, signal: stopping.signal })
            .catch((error: unknown) => logFailure("webhook", error))
            .finally(() => {
              inFlight.delete(delivery);
              wake();
            });
          inFlight.add(delivery);
        }
      } catch (error) {
        logFailure("webhook queue", error);
      }
      const timer = setTimeout(wake, idleMs);
      await alarm.promise;
      clearTimeout(timer);
    }
  };
  const running = run();

  return {
    wake,
    async stop() {
      stopping.abort();
      wake();
      await running;
      await Promise.all(inFlight);
    },
  };
}

/** Claims by pushing the due time past the lease, so that no transaction is open while we send. */
async function takeDue(sql: Sql, limit: number): Promise<DueEvent[]> {
  return sql<DueEvent[]>`
    update events set attempts = attempts + 1, due_at = now() + make_interval(secs => ${leaseS})
    from accounts
    where accounts.id = events.account_id and events.id in (
      select id from events where state = 'queued' and due_at <= now()
      order by due_at limit ${limit} for update skip locked)
    returning events.id, body, copies, attempts, webhook_url, webhook_secret`;
}

async function deliver(input: { sql: Sql; event: DueEvent; signal: AbortSignal }): Promise<void> {
  const { sql, event, signal } = input;
  const send = () =>
    postJson({
      url: new URL(event.webhookUrl),
      headers: signWebhook({ id: event.id, body: event.body, secret: event.webhookSecret, now: new Date() }),
      body: event.body,
      signal,
    }).catch(() => 0);
  const statuses = await Promise.all(Array.from({ length: event.copies }, send));
  if (statuses.every((status) => status >= 200 && status < 300)) {
    await sql`update events set state = 'delivered' where id = ${event.id}`;
  } else {
    const retryMs = Math.min(firstRetryMs * 2 ** (event.attempts - 1), maxRetryMs);
    await sql`
      update events set due_at = now() + make_interval(secs => ${retryMs / 1000}) where id = ${event.id}`;
  }
}
