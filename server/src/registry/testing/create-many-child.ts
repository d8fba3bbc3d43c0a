/** A process that makes one tenant after the other and prints each slug when it was acknowledged. Arguments: one JSON object. */

import { openOperator } from "../../operations/operator.ts";
import type { PlatformAddress } from "../../operations/platform-address.ts";
import { createTenant } from "../../operations/provisioning/create-tenant.ts";
import { createLogger } from "../../telemetry/log.ts";

export interface CreateManyInput {
  address: PlatformAddress;
  /** Begins every slug. */
  prefix: string;
}

const { address, prefix }: CreateManyInput = JSON.parse(process.argv[2] ?? "{}");
const log = createLogger({ name: "child", level: "silent" });
const ctx = openOperator({ address, operator: "child", log });
for (let n = 1; ; n++) {
  const slug = `${prefix}-${n}`;
  const input = {
    slug,
    name: `${slug} Ltd`,
    template: "basic-invoice",
    adminEmail: `ada@${slug}.test`,
  } as const;
  await createTenant({ ctx, input });
  console.log(slug);
}
