/** A process that imports one tenant, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { importTenant, type NewImport } from "../import-tenant.ts";

export interface ImportChildInput {
  address: PlatformAddress;
  input: NewImport;
  /** Kill ourselves with -9 when this step is about to run. */
  dieBefore: string;
}

const { address, input, dieBefore }: ImportChildInput = JSON.parse(process.argv[2] ?? "{}");
const ctx = openOperator({
  address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
await importTenant({
  ctx,
  input,
  onStep: (step) => {
    if (step === dieBefore) process.kill(process.pid, "SIGKILL");
  },
});
await ctx.close();
