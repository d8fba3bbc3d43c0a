import { LRUCache } from "lru-cache";
import { connect, errorCode, isUnavailable, type Sql } from "../database/client.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { openPools } from "../telemetry/metrics.ts";
import { IsolationBreach, TenantUnavailable } from "./errors.ts";

export interface PoolOptions {
  /** Connections per tenant and process. Default 5. */
  maxConnections?: number;
  /** Tenants with open pools per process; the longest unused is closed. Default 50. */
  maxPools?: number;
  /** An idle connection is closed after, ms. Default 20,000. */
  idleTimeoutMs?: number;
  /** PostgreSQL cancels a statement after, ms. Default 2,500. */
  statementTimeoutMs?: number;
  /** The caller is told `TenantUnavailable` after, ms, waiting for a connection included. Default 3,000. */
  queryTimeoutMs?: number;
  /** Queries under way or waiting, per tenant; more are refused at once. Default 200. */
  maxPending?: number;
}

interface Pool {
  sql: Sql;
  /** The record it was opened from; a newer one needs another pool. */
  updatedAt: number;
  /** Settles when the database has said whose it is. */
  identified: Promise<void>;
  /** Statements under way or about to be. */
  users: number;
  /** No longer handed out; closes when its last user is done. */
  retired: boolean;
}

/** Rejects unless the database belongs to the tenant the session speaks for. */
type Identify = (input: { sql: Sql; record: TenantRecord }) => Promise<void>;

/**
 * One small pool per tenant. Every connection carries `app.tenant_id` of the tenant that was asked
 * for, from its first byte: row-level security compares it with the rows, so a connection string
 * that leads to another tenant's database finds nothing there.
 */
export class TenantPools {
  readonly #pools: LRUCache<string, Pool>;
  readonly #options: Required<PoolOptions>;
  readonly #connectionUrl: (record: TenantRecord) => Promise<string>;
  readonly #identify: Identify;

  constructor(input: {
    options: Required<PoolOptions>;
    connectionUrl: (record: TenantRecord) => Promise<string>;
    identify: Identify;
  }) {
    this.#options = input.options;
    this.#connectionUrl = input.connectionUrl;
    this.#identify = input.identify;
    this.#pools = new LRUCache({
      max: input.options.maxPools,
      dispose: (pool) => {
        openPools.dec();
        pool.retired = true;
        endIfUnused(pool);
      },
    });
  }

  /** @throws TenantUnavailable, IsolationBreach and what `run` throws */
  async use<T>(record: TenantRecord, run: (sql: Sql) => Promise<T>): Promise<T> {
    const pool = await this.#acquire(record);
    try {
      await pool.identified;
      return await run(pool.sql);
    } finally {
      pool.users--;
      if (pool.retired) endIfUnused(pool);
    }
  }

  close(tenantId: string): void {
    this.#pools.delete(tenantId);
  }

  async closeAll(): Promise<void> {
    const pools = [...this.#pools.values()];
    await Promise.all(pools.map(({ sql }) => sql.end({ timeout: 2 })));
    this.#pools.clear();
  }

  /** Counts its user before anybody else can run and retire it. */
  async #acquire(record: TenantRecord): Promise<Pool> {
    let pool = this.#current(record);
    if (!pool) {
      const url = await this.#connectionUrl(record);
      // Another request may have opened it meanwhile.
      pool = this.#current(record) ?? this.#open(record, url);
    }
    pool.users++;
    return pool;
  }

  #current(record: TenantRecord): Pool | null {
    const pool = this.#pools.get(record.id);
    return pool && pool.updatedAt >= record.updatedAt.getTime() ? pool : null;
  }

  #open(record: TenantRecord, url: string): Pool {
    const sql = connect({
      url,
      max: this.#options.maxConnections,
      idleTimeoutSeconds: this.#options.idleTimeoutMs / 1_000,
      session: { "app.tenant_id": record.id, statement_timeout: this.#options.statementTimeoutMs },
    });
    const identified = this.#identify({ sql, record });
    const pool = { sql, updatedAt: record.updatedAt.getTime(), identified, users: 0, retired: false };
    this.#pools.set(record.id, pool);
    openPools.inc();
    identified.catch(() => {
      // The next user tries again.
      if (this.#pools.peek(record.id) === pool) this.#pools.delete(record.id);
    });
    return pool;
  }
}

function endIfUnused(pool: Pool): void {
  if (pool.users === 0) void pool.sql.end({ timeout: 5 });
}

/** Turns errors of the driver into ours; others pass. */
export function translate(error: unknown, tenantId: string): unknown {
  if (error instanceof IsolationBreach || !isUnavailable(error)) return error;
  return new TenantUnavailable(`the database of tenant ${tenantId} is unavailable: ${errorCode(error)}`, {
    cause: error,
  });
}
