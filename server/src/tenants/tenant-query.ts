import type { Sql } from "../database/client.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { pendingQueries } from "../telemetry/metrics.ts";
import { statementName } from "../telemetry/statement-name.ts";
import { inSpan, isTracing } from "../telemetry/tracing.ts";
import { TenantUnavailable } from "./errors.ts";
import type { ResultMonitor } from "./result-monitor.ts";
import type { SqlJson, SqlValue, TenantDb, TenantRef } from "./tenant-db.ts";
import { type PoolOptions, type TenantPools, translate } from "./tenant-pools.ts";

/** The one way to a tenant's rows. */
export function createTenantDb(input: {
  tenant: TenantRef;
  record: TenantRecord;
  pools: TenantPools;
  monitor: ResultMonitor;
  options: Required<PoolOptions>;
}): TenantDb {
  const { tenant, record, pools, monitor, options } = input;
  let pending = 0;

  return {
    tenant,
    async query<Row extends { tenant_id: string }>(strings: TemplateStringsArray, ...values: SqlValue[]) {
      if (pending >= options.maxPending) {
        throw new TenantUnavailable(`tenant ${tenant.id} has ${pending} queries under way`);
      }
      pending++;
      pendingQueries.inc();
      try {
        const rows = await traced(strings, () =>
          pools.use(record, async (sql) => {
            const statement = sql(strings, ...values.map((value) => toParameter(sql, value)));
            return withinTime(statement, { tenantId: tenant.id, timeoutMs: options.queryTimeoutMs });
          }),
        );
        await monitor.check(tenant, rows);
        return rows as unknown as Row[];
      } catch (error) {
        throw translate(error, tenant.id);
      } finally {
        pending--;
        pendingQueries.dec();
      }
    },
  };
}

/** The statement's name only: its values are the tenant's. */
function traced<T>(strings: TemplateStringsArray, run: () => Promise<T>): Promise<T> {
  if (!isTracing()) return run();
  const name = statementName(strings);
  const attributes = { "db.system.name": "postgresql", "db.query.summary": name };
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

async function withinTime<T>(
  statement: Cancellable<T>,
  { tenantId, timeoutMs }: { tenantId: string; timeoutMs: number },
): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    // Still waiting for a connection: it must not run after we have said it failed.
    Promise.resolve(statement.cancel()).catch(() => {});
    reject(new TenantUnavailable(`tenant ${tenantId} did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([statement, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
