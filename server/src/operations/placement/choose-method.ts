import { objectionToReplication } from "./replication.ts";
import type { Run } from "./sides.ts";

/** How the rows come over: they follow while the tenant is served, or are copied while it is not. Chosen once. */
export async function chooseMethod(run: Run): Promise<"replication" | "copy"> {
  if (run.move.method) return run.move.method;
  const reason = await objectionToReplication(run);
  const method = reason === null ? "replication" : "copy";
  await run.ctx.registry.sql`
    update moves set method = ${method}, method_reason = ${reason} where id = ${run.move.id}`;
  return method;
}
