/** A process that suspends, resumes or exports one tenant, for tests that kill it. Argument: one JSON object. */
import { createLogger } from "../../telemetry/log.ts";
import { exportTenant } from "../export/export-tenant.ts";
import { openOperator } from "../operator.ts";
import type { PlatformAddress } from "../platform-address.ts";
import { resumeTenant, suspendTenant } from "../provisioning/change-status.ts";

export interface LifecycleChildInput {
  address: PlatformAddress;
  slug: string;
  verb: "suspend" | "resume" | "export";
  /** Where an export goes. */
  out?: string;
  /** Kill ourselves with -9 before this step of an export. */
  dieBefore?: string;
  /** Kill ourselves this long after the statement of `suspend` or `resume` was sent, ms. */
  dieAfterMs?: number;
}

const input: LifecycleChildInput = JSON.parse(process.argv[2] ?? "{}");
const die = () => process.kill(process.pid, "SIGKILL");
const ctx = openOperator({
  address: input.address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
await ctx.registry.sql`select 1`;
const { slug, verb, out = "" } = input;
if (verb === "export") {
  await exportTenant({
    ctx,
    input: { slug, out },
    onStep: (step) => {
      if (step === input.dieBefore) die();
    },
  });
} else {
  const changing = (verb === "suspend" ? suspendTenant : resumeTenant)({ ctx, input: { slug } });
  if (input.dieAfterMs === 0) setImmediate(die);
  else setTimeout(die, input.dieAfterMs);
  await changing;
  die();
}
