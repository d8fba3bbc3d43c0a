import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "../database/connect.ts";

/**
 * Payments and deliveries under way get this long to end by themselves, ms; at least the first, for the news that the
 * tenant is not served to arrive. What takes longer is found out later, as after a crash.
 */
const drainMs = { least: 40, most: 3_000 };

/**
 * @param sql the administrator, in the tenant's database
 * @param role the tenant's
 */
export async function drain({ sql, role }: { sql: Sql; role: string }): Promise<void> {
  const deadline = Date.now() + drainMs.most;
  await delay(drainMs.least);
  while (Date.now() < deadline) {
    // Who asks a provider or an ERP holds a lease meanwhile, and no connection.
    const [row] = await sql<{ busy: boolean }[]>`
      select exists (select from pay.attempts where leased_until > now())
        or exists (select from pay.outbox where leased_until > now() and state = 'due')
        or exists (select from pg_stat_activity where usename = ${role} and state <> 'idle')
        as busy`;
    if (!row?.busy) return;
    await delay(10);
  }
}
