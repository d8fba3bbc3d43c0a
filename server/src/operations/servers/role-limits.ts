import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { pinned } from "../../database/session.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { quotas } from "../../tenant/quotas.ts";
import { roleDefaults } from "../../tenant/role-defaults.ts";
import type { Operator } from "../operator.ts";
import { superuserSettings } from "../watchdog/role-bounds.ts";
import { asAdministrator } from "./tenant-server.ts";

/** The statements that bound a tenant's role by its tier, and say what its sessions rely on; repeatable. */
export function roleLimits({ database, tier }: Pick<TenantRecord, "database" | "tier">): string[] {
  const role = quoteIdentifier(database.role);
  const superuser = Object.entries(superuserSettings).map(
    ([name, value]) => `alter role ${role} set ${name} = ${quoteLiteral(value)}`,
  );
  return [
    `alter role ${role} connection limit ${quotas[tier].connections}`,
    pinned({ role, settings: roleDefaults }),
    `do $limits$ begin
       if (select rolsuper from pg_roles where rolname = current_user) then
         ${superuser.join(";\n")};
       end if;
     end $limits$`,
  ];
}

/**
 * On the server that holds the tenant, after its tier has changed. Sessions that are open keep what they have.
 */
export async function applyRoleLimits(input: { ctx: Operator; record: TenantRecord }): Promise<void> {
  await asAdministrator(input, (sql) => sql.unsafe(roleLimits(input.record).join(";")));
}
