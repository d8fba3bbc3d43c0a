/** A process that moves one tenant, for tests that kill it. Arguments: one JSON object. */
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { abortMove } from "../abort-move.ts";
import { confirmMove } from "../confirm-move.ts";
import { moveTenant } from "../move-tenant.ts";
import type { NewMove } from "../request-move.ts";

export interface MoveChildInput {
  address: PlatformAddress;
  verb: "move" | "confirm" | "abort";
  input: NewMove;
  /** Kill ourselves with -9 when this step is about to run; null: do not. */
  dieBefore: string | null;
  /** Or so long after the first step began, ms; null: do not. */
  dieAfterMs: number | null;
}

const { address, verb, input, dieBefore, dieAfterMs }: MoveChildInput = JSON.parse(process.argv[2] ?? "{}");
const ctx = openOperator({
  address,
  operator: "child",
  log: createLogger({ name: "child", level: "silent" }),
});
const die = () => process.kill(process.pid, "SIGKILL");
if (dieAfterMs !== null) setTimeout(die, dieAfterMs);
const onStep = (step: string) => {
  if (step === dieBefore) die();
};
if (verb === "move") await moveTenant({ ctx, input, onStep });
else if (verb === "confirm") await confirmMove({ ctx, input: { slug: input.slug }, onStep });
else await abortMove({ ctx, input: { slug: input.slug }, onStep });
await ctx.close();
