/** A process that deletes one tenant for good, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { deleteTenantNow } from "../delete-tenant-now.ts";

export interface DeleteChildInput {
  address: PlatformAddress;
  slug: string;
  /** Kill ourselves with -9 when this step is about to run. */
  dieBefore: string;
}

const { address, slug, dieBefore }: DeleteChildInput = JSON.parse(process.argv[2] ?? "{}");
const ctx = openOperator({
  address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
await deleteTenantNow({
  ctx,
  input: { slug },
  onStep: (step) => {
    if (step === dieBefore) process.kill(process.pid, "SIGKILL");
  },
});
await ctx.close();
