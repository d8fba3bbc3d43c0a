import type { Context } from "../../context/context.ts";
import { SettingMissing } from "../../tenant/errors.ts";
import type { Operator } from "../operator.ts";
import { edgeOrigins } from "./edge-origins.ts";

const timeoutMs = 3_000;

/**
 * Tells the tenant's provider which pages stand around its card fields, where it asks: those the tenant lets embed the
 * form, and the edge's own, where the form stands in a frame.
 *
 * @param input.context of the same tenant
 * @returns null: told, or nobody asks; else why the provider could not be told
 */
export async function announceOrigins({
  ctx,
  input: { context },
}: {
  ctx: Pick<Operator, "registry" | "address">;
  input: { context: Pick<Context, "tenant" | "settings" | "provider"> };
}): Promise<string | null> {
  const provider = await context.provider().catch((error) => {
    if (error instanceof SettingMissing) return null;
    throw error;
  });
  const record = await ctx.registry.findById(context.tenant.id);
  if (!provider?.allowOrigins || !record) return null;
  const embedding = await context.settings.get("embed.origins");
  const origins = [...new Set([...edgeOrigins(record, ctx.address), ...embedding])];
  const told = await provider.allowOrigins({ origins, signal: AbortSignal.timeout(timeoutMs) });
  return told.kind === "allowed" ? null : told.cause;
}
