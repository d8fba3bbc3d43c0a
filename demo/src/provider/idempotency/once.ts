import { createHash } from "node:crypto";
import type { Sql, Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import type { Performed } from "../faults/strike.ts";

/**
 * Runs `work` at most once for an account's key; afterwards the same call is answered with the stored
 * bytes. Claim, work and answer are one transaction, and the claim is a lock that transaction holds:
 * a process killed midway leaves neither a half-done charge nor a key that is stuck.
 *
 * A refusal changes nothing and is not stored: the same call may be tried again and is judged anew.
 * @throws ApiError in_progress while the first call runs, idempotency_mismatch when the call differs
 */
export async function once(
  { sql, accountId, key, call }: { sql: Sql; accountId: string; key: string; call: unknown },
  work: (tx: Tx) => Promise<Performed>,
): Promise<Performed> {
  const fingerprint = createHash("sha256").update(JSON.stringify(call)).digest("hex");
  return sql.begin(async (tx) => {
    const [lock] = await tx<[{ claimed: boolean }]>`
      select pg_try_advisory_xact_lock(hashtextextended(${`${accountId} ${key}`}, 0)) as claimed`;
    // Read after the lock: what a finished call stored is there, even if someone else is reading it too.
    const [stored] = await tx<{ fingerprint: string; status: number; body: string }[]>`
      select fingerprint, status, body from idempotency_keys where account_id = ${accountId} and key = ${key}`;
    if (stored && stored.fingerprint !== fingerprint) {
      throw new ApiError("idempotency_mismatch", "the key was used for another call");
    }
    if (stored) return { status: stored.status, body: stored.body, manner: "now" };
    if (!lock.claimed) throw new ApiError("in_progress", "a call with this key is still running");
    const performed = await work(tx);
    await tx`
      insert into idempotency_keys (account_id, key, fingerprint, status, body)
      values (${accountId}, ${key}, ${fingerprint}, ${performed.status}, ${performed.body})`;
    return performed;
  });
}
