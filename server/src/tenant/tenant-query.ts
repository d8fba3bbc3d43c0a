import { errorCode } from "../database/client.ts";
import type { Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { pendingQueries } from "../telemetry/metrics.ts";
import { statementName } from "../telemetry/statement-name.ts";
import { inSpan, isTracing } from "../telemetry/tracing.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import { TenantUnavailable } from "./errors.ts";
import type { ResultMonitor } from "./result-monitor.ts";
import type { SqlJson, SqlValue, TenantDb, TenantRef } from "./tenant-db.ts";
import { type PoolOptions, type TenantPools, translate } from "./tenant-pools.ts";

/** Across the tenants of one process: who is at work, and whose database does not answer. */
export interface QueryGate {
  readonly pending: Map<string, number>;
  readonly breaker: CircuitBreaker;
}

/** The one way to a tenant's rows. */
export function createTenantDb(input: {
  tenant: TenantRef;
  record: TenantRecord;
  pools: TenantPools;
  monitor: ResultMonitor;
  gate: QueryGate;
  options: Required<PoolOptions>;
}): TenantDb {
  const { tenant, record, pools, monitor, gate, options } = input;
  const { id: tenantId } = tenant;

  return {
    tenant,
    async query<Row extends { tenant_id: string }>(strings: TemplateStringsArray, ...values: SqlValue[]) {
      const pending = gate.pending.get(tenantId) ?? 0;
      if (pending >= options.maxPending) {
        throw new TenantUnavailable(`tenant ${tenantId} has ${pending} queries under way`);
      }
      gate.breaker.check(tenantId);
      gate.pending.set(tenantId, pending + 1);
      pendingQueries.inc();
      try {
        const rows = await traced({ tenant, strings }, () =>
          withinTime({ record, pools, timeoutMs: options.queryTimeoutMs }, (sql) =>
            sql(strings, ...values.map((value) => toParameter(sql, value))),
          ),
        );
        gate.breaker.answered(tenantId);
        await monitor.check(tenant, rows);
        return rows as unknown as Row[];
      } catch (thrown) {
        const error = translate(thrown, tenantId);
        // A statement PostgreSQL itself ended is an answer; so is every refusal of its.
        if (error instanceof TenantUnavailable && errorCode(thrown) !== "57014")
          gate.breaker.failed(tenantId);
        else gate.breaker.answered(tenantId);
        throw error;
      } finally {
        const left = (gate.pending.get(tenantId) ?? 1) - 1;
        if (left > 0) gate.pending.set(tenantId, left);
        else gate.pending.delete(tenantId);
        pendingQueries.dec();
      }
    },
  };
}

/** The statement's name only: its values are the tenant's. */
function traced<T>(
  { tenant, strings }: { tenant: TenantRef; strings: TemplateStringsArray },
  run: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return run();
  const name = statementName(strings);
  const attributes = {
    "db.system.name": "postgresql",
    "db.query.summary": name,
    "tenant.id": tenant.id,
    "tenant.slug": tenant.slug,
  };
  return inSpan({ name, kind: "client", attributes }, run);
}

const jsonbOid = 3802;

const isJson = (value: SqlValue): value is SqlJson =>
  typeof value === "object" && value !== null && "json" in value;

function toParameter(sql: Sql, value: SqlValue) {
  if (value === undefined) return null;
  // Inside an object, so that JSON's null does not become SQL's.
  if (isJson(value)) return sql.typed({ toJSON: () => value.json } as never, jsonbOid);
  return value as string;
}

interface Cancellable<T> extends PromiseLike<T> {
  cancel(): unknown;
}

/** The time runs from the wish, so waiting for a connection counts. */
async function withinTime<T>(
  { record, pools, timeoutMs }: { record: TenantRecord; pools: TenantPools; timeoutMs: number },
  start: (sql: Sql) => Cancellable<T>,
): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  let giveUp = () => {};
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    giveUp();
    reject(new TenantUnavailable(`tenant ${record.id} did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  const answer = pools.use(record, async (sql, connection) => {
    // It must not run after we have said it failed.
    if (late) throw new TenantUnavailable(`tenant ${record.id} had no connection in time`);
    const statement = start(sql);
    giveUp = () => {
      Promise.resolve(statement.cancel()).catch(() => {});
      // Nobody knows what that connection is doing; statements behind this one would wait for it.
      pools.abandon(connection);
    };
    return statement;
  });
  answer.catch(() => {});
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
