import type { Operator } from "../operator.ts";
import { loadDueDeletions } from "../records/deletion-record.ts";
import { type DestroyedTenant, destroyTenant } from "./destroy-tenant.ts";

export interface PurgedTenant {
  readonly slug: string;
  /** null: destroyed. */
  readonly error: string | null;
  readonly destroyed: DestroyedTenant | null;
}

/**
 * Destroys every tenant whose grace period is over, and ends destructions that stopped half-way, one
 * after the other. A tenant's failure is answered and the others go on. To be run daily.
 */
export async function purgeTenants({ ctx }: { ctx: Operator }): Promise<PurgedTenant[]> {
  const results: PurgedTenant[] = [];
  for (const { slug, tenantId } of await loadDueDeletions(ctx.registry.sql)) {
    results.push(
      await destroyTenant({ ctx, input: { tenantId } }).then(
        (destroyed) => ({ slug, error: null, destroyed }),
        (error: Error) => ({ slug, error: error.message, destroyed: null }),
      ),
    );
  }
  return results;
}
