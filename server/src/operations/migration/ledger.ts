import { auditName } from "../../actor/actor.ts";
import type { Operator } from "../operator.ts";
import type { Result } from "./outcome.ts";
import type { Ring } from "./rings.ts";

/** Servers forget what they remember of the registry at every change: a few changes a second, not one a tenant. */
const flushAfterMs = 500;
const flushSize = 100;

export interface Ledger {
  /** Written with others, soon. */
  add(result: Result): Promise<void>;
  /** Writes what is left. */
  flush(): Promise<void>;
}

/**
 * Tells the registry what became of tenants, many in one statement with their audit rows and the run's counts.
 * What a kill keeps from it, the tenants' databases say themselves to the next run; so does a tenant that has moved
 * away from what was migrated.
 */
export function openLedger({
  ctx,
  runId,
  ring,
  onStep,
}: {
  ctx: Operator;
  runId: string;
  ring: Ring;
  onStep: (step: string) => void | Promise<void>;
}): Ledger {
  let waiting: Result[] = [];
  let flushedAt = performance.now();
  const flush = async () => {
    const results = waiting;
    waiting = [];
    flushedAt = performance.now();
    await onStep(`record ${ring}`);
    await record({ ctx, runId, ring, results });
  };
  return {
    async add(result) {
      waiting.push(result);
      if (waiting.length >= flushSize || performance.now() - flushedAt > flushAfterMs) await flush();
    },
    flush,
  };
}

async function record(input: {
  ctx: Operator;
  runId: string;
  ring: Ring;
  results: readonly Result[];
}): Promise<void> {
  const { ctx, runId, ring, results } = input;
  const { sql } = ctx.registry;
  const rows = results.map(({ tenantId, place, tenant, contractVersion, parked }) => ({
    id: tenantId,
    ...place,
    version: tenant.to,
    contract: contractVersion,
    parked,
    was: tenant.from,
    outcome: tenant.outcome,
    reason: tenant.error,
  }));
  await sql`
    with result as (
      select * from jsonb_to_recordset(${sql.json(rows)}) as r (id uuid, server text, database text,
        version int, contract int, parked boolean, was int, outcome text, reason text)
    ), tenant as (
      update tenants t set
        schema_version = r.version,
        contract_version = coalesce(r.contract, t.contract_version),
        parked_at = case when r.parked then clock_timestamp() when not r.parked then null else t.parked_at end,
        parked_reason = case when r.parked then r.reason when not r.parked then null else t.parked_reason end,
        updated_at = clock_timestamp()
      from result r
      where t.id = r.id and t.database_server is not distinct from r.server and t.database_name = r.database
      returning t.id, r.was, r.version, r.outcome, r.reason
    ), run as (
      update migration_runs set ring = ${ring}, seen_at = clock_timestamp(),
        done = done + (select count(*) from result where outcome = 'done'),
        failed = failed + (select count(*) from result where outcome in ('failed', 'parked'))
      where id = ${runId}
      returning 1
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, case outcome when 'parked' then 'tenant.park' else 'tenant.migrate' end, id,
      jsonb_build_object('run', ${runId}::text, 'from', was, 'to', version, 'outcome', outcome, 'reason', reason)
    from tenant, (select count(*) from tenant) written, (select count(*) from run) counted
    where was <> version or outcome in ('failed', 'parked')`;
}
