import type { Logger } from "pino";
import type { Actor } from "../actor/actor.ts";
import { openMasterKey } from "../crypto/open-master-key.ts";
import { connect, type Sql } from "../database/connect.ts";
import { openRegistry, type Registry } from "../registry/registry.ts";
import type { PoolOptions } from "../tenant/tenant-pools.ts";
import { openTenants, type Tenants } from "../tenant/tenants.ts";
import { operatorRoute } from "./operator-session.ts";
import { type PlatformAddress, registryAsAdministrator } from "./platform-address.ts";

/** In hand of who makes and changes tenants. Servers that only serve them hold no administrator. */
export interface Operator {
  /** Who gives the commands. Stands in the audit logs. */
  readonly actor: Actor;
  readonly address: PlatformAddress;
  /** Creates roles and databases. */
  readonly admin: Sql;
  /** Its `sql` too is the administrator's, which has taken the servers' role on; its `url` is the servers'. */
  readonly registry: Registry;
  /** Through the administrator's sessions, which take each tenant's role on (operator-session.ts). */
  readonly tenants: Tenants;
  close(): Promise<void>;
}

/** One person's commands, beside the servers' pools. */
const smallPools: PoolOptions = { maxConnections: 2, maxConnectionsInAll: 20 };

/**
 * Connects on first use.
 *
 * @param operator the person's name
 */
export function openOperator(input: {
  address: PlatformAddress;
  operator: string;
  log: Logger;
  pool?: PoolOptions;
}): Operator {
  const { address, log } = input;
  const actor: Actor = { kind: "operator", name: input.operator };
  const registry = openRegistry({
    url: address.registryUrl,
    masterKey: openMasterKey(address),
    route: registryAsAdministrator(address),
    watch: false,
    // An operator changes what it reads.
    cache: { freshMs: 0 },
  });
  const admin = connect({ url: address.adminUrl, max: 4 });
  const tenants = openTenants({
    registry,
    log,
    actor,
    pool: { ...smallPools, ...input.pool },
    route: (record) => operatorRoute({ ctx: { address, admin, registry }, record }),
  });
  return {
    actor,
    address,
    admin,
    registry,
    tenants,
    async close() {
      await Promise.all([tenants.close(), admin.end({ timeout: 2 })]);
      await registry.close();
    },
  };
}
