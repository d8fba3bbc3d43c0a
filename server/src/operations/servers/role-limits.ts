import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { quotas } from "../../tenant/quotas.ts";
import type { Operator } from "../operator.ts";
import { asAdministrator } from "./tenant-server.ts";

/**
 * Bounds on what even a leaked password can hold up, and the only ones behind a pooler, where sessions cannot
 * bring their own. Longer than our pools wait, so that they hear of a slow statement by its own time-out.
 */
const roleSettings = {
  statement_timeout: "5s",
  lock_timeout: "2s",
  idle_in_transaction_session_timeout: "10s",
};

/** The statements that bound a tenant's role by its tier; repeatable. */
export function roleLimits({ database, tier }: Pick<TenantRecord, "database" | "tier">): string[] {
  const role = quoteIdentifier(database.role);
  return [
    `alter role ${role} connection limit ${quotas[tier].connections}`,
    ...Object.entries(roleSettings).map(
      ([name, value]) => `alter role ${role} set ${name} = ${quoteLiteral(value)}`,
    ),
  ];
}

/**
 * On the server that holds the tenant, after its tier has changed. Sessions that are open keep what they have.
 */
export async function applyRoleLimits(input: { ctx: Operator; record: TenantRecord }): Promise<void> {
  await asAdministrator(input, (sql) => sql.unsafe(roleLimits(input.record).join(";")));
}
