import { auditName } from "../../actor/actor.ts";
import type { Operator } from "../operator.ts";
import { lockForHosts } from "./lock-for-hosts.ts";

/**
 * A tenant answers at a host name no longer, and another may. Servers hear of it at once, even if the registry is away
 * next; an edge that knows it goes on for up to 30 s.
 *
 * @throws TenantUnknown; Error when it does not answer there, at no other, or while it is made or destroyed
 */
export async function removeHost({
  ctx,
  input: { slug, host: given },
}: {
  ctx: Operator;
  input: { slug: string; host: string };
}): Promise<{ host: string; hosts: readonly string[] }> {
  const host = given.toLowerCase();
  return ctx.registry.sql.begin(async (sql) => {
    const { id, hosts } = await lockForHosts(sql, slug);
    if (!hosts.includes(host))
      throw new Error(`${slug} does not answer at ${host} but at ${hosts.join(", ")}`);
    if (hosts.length === 1) {
      throw new Error(`${host} is the only one ${slug} answers at: clarity host add ${slug} <host> first`);
    }
    await sql`delete from hosts where host = ${host} and tenant_id = ${id}`;
    await sql`
      insert into operator_audit (operator, action, tenant_id, detail)
      values (${auditName(ctx.actor)}, 'host.remove', ${id}, jsonb_build_object('host', ${host}::text))`;
    return { host, hosts: hosts.filter((other) => other !== host) };
  });
}
