import { errorCode, isUnavailable } from "../database/client.ts";
import type { Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { openConnections } from "../telemetry/metrics.ts";
import { IsolationBreach, TenantUnavailable } from "./errors.ts";
import { type Identify, type Lane, openLane, type Route } from "./lane.ts";

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
  readonly #lanes = new Map<string, Lane[]>();
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
  async use<T>(record: TenantRecord, run: (sql: Sql, lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#enter(await this.#take(record));
    try {
      const sql = await lane.ready;
      // postgres.js would connect again, and nobody would ask that session whose it is.
      if (lane.lost) throw new TenantUnavailable(`a connection of tenant ${record.id} was lost`);
      return await run(sql, lane);
    } finally {
      this.#leave(lane);
    }
  }

  /** Waits until `taken` is connected, or another of the tenant's is free before that: its user is then that one's. */
  async #enter(taken: Lane): Promise<Lane> {
    if (taken.connected) return taken;
    let entered = taken;
    const { promise: given, resolve } = Promise.withResolvers<void>();
    const change = (free: Lane) => {
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

  #leave(lane: Lane): void {
    lane.users--;
    lane.usedAt = Date.now();
    if (lane.users === 0 && lane.retired) this.#close(lane);
    else {
      this.#offer(lane);
      this.#makeRoom();
    }
  }

  /** Who waits longest for a connection that is being made takes this one instead. */
  #offer(lane: Lane): void {
    if (lane.users > 0 || lane.retired || !lane.connected) return;
    for (const { changers } of this.#lanes.get(lane.tenantId) ?? []) {
      const [change] = changers;
      if (!change) continue;
      changers.delete(change);
      change(lane);
      return;
    }
  }

  /** Takes no more statements; those on it have `drainMs` to finish. */
  abandon(lane: Lane): void {
    this.#retire(lane);
    this.#close(lane);
  }

  close(tenantId: string): void {
    for (const lane of this.#lanes.get(tenantId) ?? []) this.#retire(lane);
  }

  async closeAll(): Promise<void> {
    const lanes = [...this.#lanes.values()].flat();
    for (const lane of lanes) lane.retired = true;
    await Promise.all(lanes.map((lane) => lane.end(2_000)));
  }

  /** Counts its user before anybody else can run and retire it. */
  async #take(record: TenantRecord): Promise<Lane> {
    for (;;) {
      const lane = this.#find(record);
      if (lane) {
        lane.users++;
        lane.usedAt = Date.now();
        return lane;
      }
      await this.#turn(record);
    }
  }

  #find(record: TenantRecord): Lane | null {
    let [least, lanes]: [Lane | null, number] = [null, 0];
    const before = (a: Lane, b: Lane) => a.users - b.users || Number(b.connected) - Number(a.connected);
    for (const lane of this.#lanes.get(record.id) ?? []) {
      if (lane.updatedAt < record.updatedAt.getTime()) this.#retire(lane);
      if (lane.retired) continue;
      lanes++;
      if (!least || before(lane, least) < 0) least = lane;
    }
    if (least && (least.users === 0 || lanes >= this.#options.maxConnections)) return least;
    const room = this.#open < this.#options.maxConnectionsInAll && this.#waiting.size === 0;
    if (room) return this.#openLane(record);
    if (least) this.#spare();
    return least;
  }

  #openLane(record: TenantRecord): Lane {
    this.#open++;
    openConnections.inc();
    const lane = openLane({
      record,
      route: this.#route(record),
      identify: this.#identify,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      statementTimeoutMs: this.#options.statementTimeoutMs,
      onLost: (lost) => this.#retire(lost),
    });
    this.#lanes.set(record.id, [...(this.#lanes.get(record.id) ?? []), lane]);
    // The next user tries again.
    lane.ready.catch(() => this.#retire(lane));
    return lane;
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
      this.#openLane(record);
      turn.resolve();
    }
    while (this.#leaving < this.#waiting.size) {
      const victim = this.#victim();
      if (!victim) return;
      this.#retire(victim);
    }
  }

  /** The longest unused; when all are in use, one of the tenant that has most. */
  #victim(): Lane | null {
    const idle = this.#idle();
    if (idle) return idle;
    const living = [...this.#lanes.values()].map((lanes) =>
      lanes.filter(({ retired, usedAt }) => !retired && usedAt !== null),
    );
    return longestUnused(living.toSorted((a, b) => b.length - a.length)[0] ?? []);
  }

  #idle(): Lane | null {
    const lanes = [...this.#lanes.values()].flat();
    return longestUnused(lanes.filter(({ users, retired }) => users === 0 && !retired));
  }

  /** Another tenant's connection nobody has used lately makes room for one more of a busy tenant. */
  #spare(): void {
    if (this.#leaving > 0) return;
    const idle = this.#idle();
    if (idle?.usedAt && idle.usedAt < Date.now() - spareAfterMs) this.#retire(idle);
  }

  #retire(lane: Lane): void {
    if (lane.retired) return;
    lane.retired = true;
    this.#leaving++;
    if (lane.users === 0) this.#close(lane);
  }

  #close(lane: Lane): void {
    const lanes = this.#lanes.get(lane.tenantId) ?? [];
    // Closed already: by `abandon`, while statements were on it.
    if (!lanes.includes(lane)) return;
    const others = lanes.filter((other) => other !== lane);
    if (others.length > 0) this.#lanes.set(lane.tenantId, others);
    else this.#lanes.delete(lane.tenantId);
    const gone = () => {
      this.#leaving--;
      this.#open--;
      openConnections.dec();
      this.#makeRoom();
    };
    lane.end(drainMs).then(gone, gone);
  }
}

function longestUnused(lanes: readonly Lane[]): Lane | null {
  let found: Lane | null = null;
  for (const lane of lanes) {
    if (lane.usedAt !== null && lane.usedAt < (found?.usedAt ?? Number.POSITIVE_INFINITY)) found = lane;
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
