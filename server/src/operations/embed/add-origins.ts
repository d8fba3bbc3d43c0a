import type { Operator } from "../operator.ts";

/** Lets more pages embed a tenant's form; those that may already do so still. @throws TenantUnknown, TenantSuspended */
export async function addOrigins({
  ctx,
  input: { slug, origins },
}: {
  ctx: Operator;
  input: { slug: string; origins: readonly string[] };
}): Promise<void> {
  const record = await ctx.registry.findBySlug(slug);
  const { settings } = await ctx.tenants.open(record?.id ?? "");
  const before = await settings.get("embed.origins");
  const all = [...new Set([...before, ...origins])];
  if (all.length > before.length) await settings.set("embed.origins", all);
}
