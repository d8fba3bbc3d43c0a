import { errorCode } from "../../database/client.ts";
import type { Migration } from "../../database/migrate.ts";
import { lastContract } from "../../tenant/schema.ts";
import { SchemaFailure } from "./failure.ts";
import type { Result } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { Ring } from "./rings.ts";
import { type SchemaTarget, upgradeDatabase } from "./upgrade-database.ts";

/** A tenant's database does not take part, because it is not all there. */
const absent = new Set(["3D000", "55000"]);

/** Carries out what was planned for one tenant. Failures are results. */
export async function migrateOne(input: {
  plan: Plan & { readonly to: number };
  ring: Ring;
  target: SchemaTarget;
  migrations: readonly Migration[];
}): Promise<Result> {
  const { plan, migrations, target } = input;
  const { tenant, stopped } = plan;
  const from = tenant.schemaVersion;
  try {
    const version = await upgradeDatabase({ target, migrations, from, to: Math.max(from, plan.to) });
    return resultOf(input, {
      to: version,
      outcome: stopped && version <= plan.to ? "held" : "done",
      waits: stopped?.reason ?? null,
      contractVersion: lastContract(migrations, version),
      parked: false,
    });
  } catch (error) {
    if (!(error instanceof SchemaFailure)) throw error;
    const { version, lasting } = error;
    if (absent.has(errorCode(error.cause)) && tenant.status === "deleting") {
      return resultOf(input, {
        outcome: "unfinished",
        waits: "its deletion stopped half-way",
        contractVersion: null,
        parked: null,
      });
    }
    return resultOf(input, {
      to: version ?? from,
      outcome: lasting ? "parked" : "failed",
      error: error.message,
      // A database that did not say what it is at may have taken the contract migration.
      contractVersion: version === null ? null : lastContract(migrations, version),
      parked: lasting ? true : null,
    });
  }
}

export function resultOf(
  { plan: { tenant }, ring }: { plan: Plan; ring: Ring },
  more: Pick<Result, "contractVersion" | "parked"> &
    Pick<Result["tenant"], "outcome"> &
    Partial<Pick<Result["tenant"], "to" | "error" | "waits">>,
): Result {
  const { contractVersion, parked, ...said } = more;
  const { slug, schemaVersion, server, database } = tenant;
  const unchanged = { to: schemaVersion, error: null, waits: null };
  return {
    tenantId: tenant.id,
    place: { server, database },
    tenant: { slug, ring, from: schemaVersion, ...unchanged, ...said },
    contractVersion,
    parked,
  };
}
