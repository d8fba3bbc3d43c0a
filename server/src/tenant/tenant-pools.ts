import { errorCode, isUnavailable } from "../database/client.ts";
import type { Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { openConnections } from "../telemetry/metrics.ts";
import { IsolationBreach, TenantUnavailable } from "./errors.ts";
import { connectTenant, type Identify, type Route, type TenantConnection } from "./tenant-connection.ts";

export interface PoolOptions {
  /** Connections per tenant and process. Default 5. */
  maxConnections?: number;
  /** Connections of all tenants together, per process; the longest unused gives way. Default 100. */
  maxConnectionsInAll?: number;
  /** An idle connection is closed after, ms. Default 20,000. */
  idleTimeoutMs?: number;
  /** PostgreSQL cancels a statement after, ms; through PgBouncer the role's own limit holds. Default 2,500. */
  statementTimeoutMs?: number;
  /** The caller is told `TenantUnavailable` after, ms, waiting for a connection included. Default 3,000. */
  queryTimeoutMs?: number;
  /** Queries under way or waiting, per tenant; more are refused at once. Default 200. */
  maxPending?: number;
}

/** What a connection that is closed while statements are on it gets to finish them, ms. */
const drainMs = 1_000;
/** A connection of another tenant this long unused gives way to one more of a busy tenant, ms. */
const spareAfterMs = 1_000;

/**
 * Connections on demand: few per tenant, and never more in all than allowed. A tenant that has one shares it
 * when there is no room for more; one that has none takes the longest unused, or else waits its turn for one
 * of the tenant that has most. So nobody's flood or slow database keeps another tenant out.
 */
export class TenantPools {
  readonly #connections = new Map<string, TenantConnection[]>();
  /** Tenants without a connection, in order of arrival. */
  readonly #waiting = new Map<string, { record: TenantRecord; turn: PromiseWithResolvers<void> }>();
  /** Being closed, or retired and not yet idle. */
  #leaving = 0;
  #open = 0;
  readonly #options: Required<PoolOptions>;
  readonly #route: (record: TenantRecord) => Promise<Route>;
  readonly #identify: Identify;

  constructor(input: {
    options: Required<PoolOptions>;
    route: (record: TenantRecord) => Promise<Route>;
    identify: Identify;
  }) {
    this.#options = input.options;
    this.#route = input.route;
    this.#identify = input.identify;
  }

  /** @throws TenantUnavailable, IsolationBreach and what `run` throws */
  async use<T>(
    record: TenantRecord,
    run: (sql: Sql, connection: TenantConnection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.#enter(await this.#take(record));
    try {
      const sql = await connection.ready;
      // postgres.js would connect again, and nobody would ask that session whose it is.
      if (connection.lost) throw new TenantUnavailable(`a connection of tenant ${record.id} was lost`);
      return await run(sql, connection);
    } finally {
      this.#leave(connection);
    }
  }

  /** Waits until `taken` is connected, or another of the tenant's is free before that: its user is then that one's. */
  async #enter(taken: TenantConnection): Promise<TenantConnection> {
    if (taken.connected) return taken;
    let entered = taken;
    const { promise: given, resolve } = Promise.withResolvers<void>();
    const change = (free: TenantConnection) => {
      free.users++;
      entered = free;
      this.#leave(taken);
      resolve();
    };
    taken.changers.add(change);
    await Promise.race([taken.ready, given]).catch(() => {});
    taken.changers.delete(change);
    return entered;
  }

  #leave(connection: TenantConnection): void {
    connection.users--;
    connection.usedAt = Date.now();
    if (connection.users === 0 && connection.retired) this.#close(connection);
    else {
      this.#offer(connection);
      this.#makeRoom();
    }
  }

  /** Who waits longest for a connection that is being made takes this one instead. */
  #offer(connection: TenantConnection): void {
    if (connection.users > 0 || connection.retired || !connection.connected) return;
    for (const { changers } of this.#connections.get(connection.tenantId) ?? []) {
      const [change] = changers;
      if (!change) continue;
      changers.delete(change);
      change(connection);
      return;
    }
  }

  /** Takes no more statements; those on it have `drainMs` to finish. */
  abandon(connection: TenantConnection): void {
    this.#retire(connection);
    this.#close(connection);
  }

  close(tenantId: string): void {
    for (const connection of this.#connections.get(tenantId) ?? []) this.#retire(connection);
  }

  async closeAll(): Promise<void> {
    const connections = [...this.#connections.values()].flat();
    for (const connection of connections) connection.retired = true;
    await Promise.all(connections.map((connection) => connection.end(2_000)));
  }

  /** Counts its user before anybody else can run and retire it. */
  async #take(record: TenantRecord): Promise<TenantConnection> {
    for (;;) {
      const connection = this.#find(record);
      if (connection) {
        connection.users++;
        connection.usedAt = Date.now();
        return connection;
      }
      await this.#turn(record);
    }
  }

  #find(record: TenantRecord): TenantConnection | null {
    let [least, living]: [TenantConnection | null, number] = [null, 0];
    const before = (a: TenantConnection, b: TenantConnection) =>
      a.users - b.users || Number(b.connected) - Number(a.connected);
    for (const connection of this.#connections.get(record.id) ?? []) {
      if (connection.updatedAt < record.updatedAt.getTime()) this.#retire(connection);
      if (connection.retired) continue;
      living++;
      if (!least || before(connection, least) < 0) least = connection;
    }
    if (least && (least.users === 0 || living >= this.#options.maxConnections)) return least;
    const room = this.#open < this.#options.maxConnectionsInAll && this.#waiting.size === 0;
    if (room) return this.#connect(record);
    if (least) this.#spare();
    return least;
  }

  #connect(record: TenantRecord): TenantConnection {
    this.#open++;
    openConnections.inc();
    const connection = connectTenant({
      record,
      route: this.#route(record),
      identify: this.#identify,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      statementTimeoutMs: this.#options.statementTimeoutMs,
      onLost: (lost) => this.#retire(lost),
    });
    this.#connections.set(record.id, [...(this.#connections.get(record.id) ?? []), connection]);
    // The next user tries again.
    connection.ready.catch(() => this.#retire(connection));
    return connection;
  }

  /** Settles when the tenant has a connection that it did not have. */
  #turn(record: TenantRecord): Promise<void> {
    const waiting = this.#waiting.get(record.id) ?? { record, turn: Promise.withResolvers<void>() };
    this.#waiting.set(record.id, waiting);
    this.#makeRoom();
    return waiting.turn.promise;
  }

  /** Sees to it that as many connections go as tenants wait for one, and serves those there is room for. */
  #makeRoom(): void {
    for (const [tenantId, { record, turn }] of this.#waiting) {
      if (this.#open >= this.#options.maxConnectionsInAll) break;
      this.#waiting.delete(tenantId);
      this.#connect(record);
      turn.resolve();
    }
    while (this.#leaving < this.#waiting.size) {
      const victim = this.#victim();
      if (!victim) return;
      this.#retire(victim);
    }
  }

  /** The longest unused; when all are in use, one of the tenant that has most. */
  #victim(): TenantConnection | null {
    const idle = this.#idle();
    if (idle) return idle;
    const living = [...this.#connections.values()].map((connections) =>
      connections.filter(({ retired, usedAt }) => !retired && usedAt !== null),
    );
    return longestUnused(living.toSorted((a, b) => b.length - a.length)[0] ?? []);
  }

  #idle(): TenantConnection | null {
    const connections = [...this.#connections.values()].flat();
    return longestUnused(connections.filter(({ users, retired }) => users === 0 && !retired));
  }

  /** Another tenant's connection nobody has used lately makes room for one more of a busy tenant. */
  #spare(): void {
    if (this.#leaving > 0) return;
    const idle = this.#idle();
    if (idle?.usedAt && idle.usedAt < Date.now() - spareAfterMs) this.#retire(idle);
  }

  #retire(connection: TenantConnection): void {
    if (connection.retired) return;
    connection.retired = true;
    this.#leaving++;
    if (connection.users === 0) this.#close(connection);
  }

  #close(connection: TenantConnection): void {
    const connections = this.#connections.get(connection.tenantId) ?? [];
    // Closed already: by `abandon`, while statements were on it.
    if (!connections.includes(connection)) return;
    const others = connections.filter((other) => other !== connection);
    if (others.length > 0) this.#connections.set(connection.tenantId, others);
    else this.#connections.delete(connection.tenantId);
    const gone = () => {
      this.#leaving--;
      this.#open--;
      openConnections.dec();
      this.#makeRoom();
    };
    connection.end(drainMs).then(gone, gone);
  }
}

function longestUnused(connections: readonly TenantConnection[]): TenantConnection | null {
  let found: TenantConnection | null = null;
  for (const connection of connections) {
    if (connection.usedAt !== null && connection.usedAt < (found?.usedAt ?? Number.POSITIVE_INFINITY))
      found = connection;
  }
  return found;
}

/** Turns errors of the driver into ours; others pass. */
export function translate(error: unknown, tenantId: string): unknown {
  if (error instanceof IsolationBreach || !isUnavailable(error)) return error;
  return new TenantUnavailable(`the database of tenant ${tenantId} is unavailable: ${errorCode(error)}`, {
    cause: error,
  });
}
