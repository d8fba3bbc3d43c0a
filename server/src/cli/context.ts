import { randomUUID } from "node:crypto";
import type { Context } from "../context/context.ts";
import { createContextFactory } from "../context/context-factory.ts";
import { parseAllowList } from "../network/allow-list.ts";
import { createNetwork } from "../network/network.ts";
import type { Operator } from "../operations/operator.ts";
import { createLogger } from "../telemetry/log.ts";
import { openBySlug } from "./run.ts";

/** For verbs about what customers paid: a suspended tenant's payments are still somebody's money. */
export async function contextFor(operator: Operator, slug: string): Promise<Context> {
  const makeContext = createContextFactory({
    log: createLogger({ name: "clarity", level: "silent" }),
    network: createNetwork({ allow: parseAllowList(operator.address.allowedNetworks ?? "") }),
  });
  const open = await openBySlug(operator, slug, { evenSuspended: true });
  return makeContext(open, { actor: operator.actor, requestId: randomUUID() });
}
