import { userInfo } from "node:os";
import { findPlatform } from "../config.ts";
import { createLogger } from "../log.ts";
import { TenantUnknown } from "../tenants/errors.ts";
import { type Operator, openOperator } from "../tenants/provisioning/operator.ts";
import type { OpenTenant } from "../tenants/tenants.ts";
import { type Answer, printAnswer } from "./output.ts";

/** Options every command takes. */
export interface CommonOptions {
  json?: boolean;
}

/** Opens the platform for one command, prints its answer, closes. The person's login name is audited. */
export async function run(
  options: CommonOptions,
  command: (operator: Operator) => Promise<Answer>,
): Promise<void> {
  const operator = openOperator({
    address: findPlatform(process.env),
    operator: userInfo().username,
    log: createLogger({ name: "clarity", level: "silent" }),
  });
  try {
    printAnswer(await command(operator), options.json ?? false);
  } finally {
    await operator.close();
  }
}

/** @throws TenantUnknown and what `Tenants.open` throws. */
export async function openBySlug(operator: Operator, slug: string): Promise<OpenTenant> {
  const record = await operator.registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  return operator.tenants.open(record.id);
}
