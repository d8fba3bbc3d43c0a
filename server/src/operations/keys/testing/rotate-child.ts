/** A process that rotates keys, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { rotateDataKeys } from "../rotate-data-key.ts";
import { retireMasterKeys, rotateMasterKey } from "../rotate-master-key.ts";

export interface RotateChildInput {
  address: PlatformAddress;
  /** null: the master key. */
  slug: string | null;
  /** Kill ourselves with -9 when this step is about to run. */
  dieBefore: string;
}

const { address, slug, dieBefore }: RotateChildInput = JSON.parse(process.argv[2] ?? "{}");
const ctx = openOperator({
  address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
const onStep = (step: string) => {
  if (step === dieBefore) process.kill(process.pid, "SIGKILL");
};
if (slug === null) {
  await rotateMasterKey({ ctx, onStep });
  await retireMasterKeys({ ctx, input: { minimumAgeMs: 0 }, onStep });
} else {
  await rotateDataKeys({ ctx, input: { slugs: [slug], settleMs: 0 }, onStep });
}
await ctx.close();
