/** A process that makes one tenant, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { createTenant, type NewTenant } from "../create-tenant.ts";

export interface CreateChildInput {
  address: PlatformAddress;
  input: NewTenant;
  /** Kill ourselves with -9 when this step is about to run; null: never. */
  dieBefore: string | null;
  /** Kill ourselves this long after the first step began, ms; null: never. */
  dieAfterMs: number | null;
}

const { address, input, dieBefore, dieAfterMs }: CreateChildInput = JSON.parse(process.argv[2] ?? "{}");
const die = () => process.kill(process.pid, "SIGKILL");

const ctx = openOperator({
  address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
await ctx.registry.sql`select 1`;
if (dieAfterMs !== null) setTimeout(die, dieAfterMs);
await createTenant({
  ctx,
  input,
  onStep: (step) => {
    if (step === dieBefore) die();
  },
});
await ctx.close();
