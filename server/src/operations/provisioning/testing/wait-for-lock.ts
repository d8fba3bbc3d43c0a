import { expect } from "vitest";
import type { Operator } from "../../operator.ts";

/** Until that many others wait for the tenant's lock. */
export async function waitForLock(ctx: Operator, { slug, waiting }: { slug: string; waiting: number }) {
  const id = (await ctx.registry.findBySlug(slug))?.id ?? "";
  const queue = () => ctx.admin`
    select from pg_locks where locktype = 'advisory' and not granted
      and objid = (hashtext(${id})::bigint & 4294967295)::oid`;
  await expect.poll(async () => (await queue()).length).toBe(waiting);
}
