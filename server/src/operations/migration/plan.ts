import type { Migration } from "../../database/migrate.ts";
import { type Instance, type Pin, serversOf } from "../instances.ts";
import type { PendingTenant } from "./pending-tenants.ts";

/** What is to be done with one tenant now. */
export interface Plan {
  readonly tenant: PendingTenant;
  /** Bring it there; null: leave it alone. */
  readonly to: number | null;
  /** Why it is left alone, or not brought to the target. */
  readonly stopped: {
    readonly by: "parked" | "pinned" | "moving" | "held" | "unfinished";
    readonly reason: string;
  } | null;
}

/** What the fleet's other parts still need. */
export interface Needs {
  readonly instances: readonly Instance[];
  readonly pins: readonly Pin[];
}

/** @param input.retryParked parked tenants are tried again; default false */
export function planFor(
  tenant: PendingTenant,
  input: { migrations: readonly Migration[]; target: number; needs: Needs; retryParked?: boolean },
): Plan {
  const { migrations, target, needs, retryParked = false } = input;
  const left = leftAlone(tenant);
  if (left) return { tenant, to: null, stopped: left };
  if (tenant.parkedReason !== null && !retryParked) {
    return { tenant, to: null, stopped: { by: "parked", reason: tenant.parkedReason } };
  }
  for (const { version, name, phase } of migrations.slice(tenant.schemaVersion, target)) {
    if (phase !== "contract") continue;
    const holder = holderOf(version, { tenant, needs });
    if (holder)
      return { tenant, to: version - 1, stopped: { by: "held", reason: `${name} waits: ${holder}` } };
  }
  return { tenant, to: target, stopped: null };
}

/** null: it may be migrated. */
export function leftAlone({ pinnedUntil, status }: Pick<PendingTenant, "pinnedUntil" | "status">): {
  by: "pinned" | "moving" | "unfinished";
  reason: string;
} | null {
  // An older export's rows, still to be loaded, fit the schema it was begun with and no other.
  if (status === "creating") {
    return { by: "unfinished", reason: "it is half made: its creation brings it forward" };
  }
  if (pinnedUntil) return { by: "pinned", reason: `pinned until ${pinnedUntil.toISOString()}` };
  return status === "moving" ? { by: "moving", reason: "it is being moved: run again afterwards" } : null;
}

/** Who still needs what a contract migration takes away; null: nobody. */
function holderOf(
  contract: number,
  { tenant, needs }: { tenant: PendingTenant; needs: Needs },
): string | null {
  const server = serversOf(needs.instances, tenant).find(({ schemaVersion }) => schemaVersion < contract);
  if (server) {
    return `instance ${server.id} of ${server.audience} runs version ${server.version}, which knows schema ${server.schemaVersion}`;
  }
  const pin = needs.pins.find(
    ({ upstream, schemaVersion }) => upstream === tenant.upstream && schemaVersion < contract,
  );
  return pin ? `${pin.slug} is pinned on the same instance until ${pin.until.toISOString()}` : null;
}
