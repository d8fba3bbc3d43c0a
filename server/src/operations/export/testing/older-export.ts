import { join } from "node:path";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { rollBackTenant } from "../../migration/roll-back-tenant.ts";
import type { Operator } from "../../operator.ts";
import { exportTenant } from "../export-tenant.ts";

/** The tenant as it was at schema 6, where the one flag that it sets was a setting. @returns the export's folder */
export async function olderExport(
  ctx: Operator,
  { flags, record }: OpenTenant,
  folder: string,
): Promise<string> {
  const { slug } = record;
  await flags.set("partial-payments", false, { reason: "contract" });
  await rollBackTenant({ ctx, input: { slug, to: 6 } });
  const out = join(folder, slug);
  await exportTenant({ ctx, input: { slug, out } });
  return out;
}
