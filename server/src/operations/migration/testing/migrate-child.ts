/** A process that changes tenants' schemas, for tests that kill it. Arguments: one JSON object. */
import { readMigrations } from "../../../database/migrate.ts";
import { createLogger } from "../../../telemetry/log.ts";
import { openOperator } from "../../operator.ts";
import type { PlatformAddress } from "../../platform-address.ts";
import { migrateTenants } from "../migrate-tenants.ts";
import { rehearse } from "../rehearse.ts";
import { rollBackTenant } from "../roll-back-tenant.ts";

export interface MigrateChildInput {
  address: PlatformAddress;
  /** Of the migrations. */
  folder: string;
  verb:
    | { name: "migrate"; parallel: number }
    | { name: "rollback"; slug: string; to: number }
    | { name: "rehearse"; slug: string };
  /** Kill ourselves with -9 when this step is about to run; null: never. */
  dieBefore: string | null;
  /** Kill ourselves this long after the first step began, ms; null: never. */
  dieAfterMs: number | null;
}

const { address, folder, verb, dieBefore, dieAfterMs }: MigrateChildInput = JSON.parse(process.argv[2] ?? "");
const die = () => process.kill(process.pid, "SIGKILL");
const migrations = readMigrations(folder);
const log = createLogger({ name: "child", level: "silent" });
const ctx = openOperator({ address, operator: "child", log });
let begun = false;
const onStep = (step: string) => {
  if (step === dieBefore) die();
  if (dieAfterMs !== null && !begun) setTimeout(die, dieAfterMs);
  begun = true;
};
if (verb.name === "migrate")
  await migrateTenants({ ctx, input: { parallel: verb.parallel, migrations }, onStep });
if (verb.name === "rollback")
  await rollBackTenant({ ctx, input: { slug: verb.slug, to: verb.to, migrations }, onStep });
if (verb.name === "rehearse") await rehearse({ ctx, input: { slug: verb.slug, migrations }, onStep });
await ctx.close();
