import { type Refused, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { compileOnce, currentTheme } from "./current-theme.ts";

/** The style sheet with this hash: the current one, or one of the tenant's stored themes. @throws TenantUnavailable, ZodError */
export async function readTheme({
  ctx,
  input,
}: {
  ctx: Context;
  input: { hash: string };
}): Promise<{ kind: "css"; css: string } | Refused> {
  const current = await currentTheme({ ctx });
  if (current.hash === input.hash) return { kind: "css", css: current.css };
  const [row] = await ctx.db.query<{ tenant_id: string; hash: string; spec: unknown }>`
    select tenant_id, hash, spec from pay.themes
    where tenant_id = ${ctx.tenant.id}::uuid and hash = ${input.hash}`;
  return row ? { kind: "css", css: compileOnce(ctx, row).css } : refused("not_found");
}
