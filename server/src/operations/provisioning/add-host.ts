import { z } from "zod";
import { auditName } from "../../actor/actor.ts";
import { errorCode } from "../../database/client.ts";
import type { Operator } from "../operator.ts";
import { HostName, mostHosts } from "./host-name.ts";
import { lockForHosts } from "./lock-for-hosts.ts";
import { HostTaken } from "./register-tenant.ts";

const Input = z.strictObject({ slug: z.string(), host: HostName });

/**
 * Lets a tenant answer at one more host name. Servers hear of it at once; an edge that was asked for it before takes
 * it for nobody's up to 5 s.
 *
 * @returns added false: it did already
 * @throws HostTaken when another tenant answers there; TenantUnknown; Error while it is made or destroyed
 */
export async function addHost({
  ctx,
  input,
}: {
  ctx: Operator;
  input: z.input<typeof Input>;
}): Promise<{ host: string; hosts: readonly string[]; added: boolean }> {
  const { slug, host } = Input.parse(input);
  try {
    return await ctx.registry.sql.begin(async (sql) => {
      const { id, hosts } = await lockForHosts(sql, slug);
      if (hosts.includes(host)) return { host, hosts, added: false };
      if (hosts.length > mostHosts)
        throw new Error(`${slug} has ${hosts.length} host names: no more are kept`);
      await sql`insert into hosts (host, tenant_id) values (${host}, ${id})`;
      await sql`
        insert into operator_audit (operator, action, tenant_id, detail)
        values (${auditName(ctx.actor)}, 'host.add', ${id}, jsonb_build_object('host', ${host}::text))`;
      return { host, hosts: [...hosts, host].sort(), added: true };
    });
  } catch (error) {
    if (errorCode(error) !== "23505") throw error;
    const owner = await ctx.registry.findByHost(host);
    const whose = owner ? `: clarity host remove ${owner.slug} ${host} frees it` : ", one that is being made";
    throw new HostTaken(`${host} belongs to ${owner?.slug ?? "another tenant"}${whose}`, { cause: error });
  }
}
