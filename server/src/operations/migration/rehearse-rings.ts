import type { Migration } from "../../database/migrate.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { Operator } from "../operator.ts";
import { pendingTenants } from "./pending-tenants.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import { rings } from "./rings.ts";

/**
 * Rehearses with one tenant, or with the first of each ring that a run would migrate.
 *
 * @throws TenantUnknown, SchemaFailure
 */
export async function rehearseRings({
  ctx,
  input: { slug, migrations = tenantMigrations() },
}: {
  ctx: Operator;
  input: { slug?: string | undefined; migrations?: readonly Migration[] | undefined };
}): Promise<Rehearsal[]> {
  const slugs = slug === undefined ? await firstOfRings(ctx, migrations.length) : [slug];
  const rehearsals: Rehearsal[] = [];
  for (const one of slugs) rehearsals.push(await rehearse({ ctx, input: { slug: one, migrations } }));
  return rehearsals;
}

async function firstOfRings(ctx: Operator, target: number): Promise<string[]> {
  const slugs: string[] = [];
  for (const ring of rings) {
    for await (const chunk of pendingTenants({ ctx, ring, scope: { target } })) {
      const first = chunk.find(
        ({ status, pinnedUntil, parkedReason }) =>
          (status === "active" || status === "suspended") && pinnedUntil === null && parkedReason === null,
      );
      if (!first) continue;
      slugs.push(first.slug);
      break;
    }
  }
  return slugs;
}
