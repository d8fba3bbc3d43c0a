import { connect, type Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { sessionLimits } from "./role-defaults.ts";

/** How a tenant's database is reached. */
export interface Route {
  readonly url: string;
  /** Through PgBouncer in transaction mode: nothing of a session survives there but its application_name. */
  readonly pooled: boolean;
  /** Taken on by whoever connects: an administrator's session has the tenant's rights and no others. Default: none */
  readonly role?: string;
}

/** Rejects unless the database is the tenant's and the session speaks for it. */
export type Identify = (input: { sql: Sql; record: TenantRecord; route: Route }) => Promise<void>;

/** Names the tenant in `application_name`; `pay.current_tenant()` reads it. */
export const sessionName = (tenantId: string): string => `pay-server/${tenantId}`;

/** One connection of one tenant, shared by the statements it carries at the moment. */
export interface TenantConnection {
  readonly tenantId: string;
  /** The record it was opened from; a newer one needs another connection. */
  readonly updatedAt: number;
  /** Connected, and the database has said whose it is. */
  readonly ready: Promise<Sql>;
  /** `ready` is fulfilled. */
  connected: boolean;
  /** Those who wait for `ready` and would rather have another of the tenant's that is free before, by order of arrival. */
  readonly changers: Set<(free: TenantConnection) => void>;
  /** Statements under way or about to be. */
  users: number;
  /** When it was last taken or given back; `null`: opened for somebody who has yet to take it. */
  usedAt: number | null;
  /** Takes no more statements. */
  retired: boolean;
  /** The connection ended. */
  lost: boolean;
  /** Settles when the connection is gone: at once when idle, cut after `withinMs` at the latest. */
  end(withinMs: number): Promise<void>;
}

/**
 * Connects. The session carries the tenant that was asked for from its first byte: row-level security compares
 * it with the rows, so a connection string that leads to another tenant's database finds nothing there.
 *
 * @param onLost the connection ended; it is not made again, for the next one must be asked whose it is, too
 */
export function connectTenant(input: {
  record: TenantRecord;
  route: Promise<Route>;
  idleTimeoutMs: number;
  statementTimeoutMs: number;
  identify: Identify;
  onLost: (connection: TenantConnection) => void;
}): TenantConnection {
  const { record, identify } = input;
  let sql: Sql | null = null;
  const open = async () => {
    const route = await input.route;
    const { url, pooled, role } = route;
    const mine = connect({
      url,
      behindPooler: pooled,
      max: 1,
      idleTimeoutSeconds: input.idleTimeoutMs / 1_000,
      session: {
        application_name: sessionName(record.id),
        ...(role !== undefined && { role }),
        ...(!pooled && {
          ...sessionLimits,
          "app.tenant_id": record.id,
          statement_timeout: input.statementTimeoutMs,
        }),
      },
      onClose: () => {
        connection.lost = true;
        input.onLost(connection);
        return false;
      },
    });
    sql = mine;
    await identify({ sql: mine, record, route });
    return mine;
  };
  const ready = open();
  const connection: TenantConnection = {
    tenantId: record.id,
    updatedAt: record.updatedAt.getTime(),
    ready,
    connected: false,
    changers: new Set(),
    users: 0,
    usedAt: null,
    retired: false,
    lost: false,
    async end(withinMs) {
      await input.route.catch(() => {});
      await sql?.end({ timeout: withinMs / 1_000 });
    },
  };
  // Whoever takes it hears of it; until then nobody may.
  ready.then(
    () => {
      connection.connected = true;
    },
    () => {},
  );
  return connection;
}
