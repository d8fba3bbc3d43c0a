import { IsolationBreach } from "../tenant/errors.ts";
import type { Context } from "./context.ts";

/**
 * What a payer or a receipt is better off with and can do without, such as a theme: when it cannot be read, what
 * stands in for it, and the log says so. Never for what decides about money, or about who may see what.
 *
 * @throws IsolationBreach
 */
export async function doWithout<T>({
  ctx,
  input: { what, otherwise, read },
}: {
  ctx: Pick<Context, "log" | "tenant">;
  input: { what: string; otherwise: T; read: () => Promise<T> };
}): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof IsolationBreach) throw error;
    ctx.log.error({ err: error, tenantId: ctx.tenant.id, what }, "cannot be read: something else stands in");
    return otherwise;
  }
}
