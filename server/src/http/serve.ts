import type { Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Logger } from "pino";
import { type ConnectionLimits, createGuardedServer } from "../../contract/connections/index.ts";
import { connectionsLost } from "../telemetry/metrics.ts";

/** The server over sockets of which whoever connects can hold so much and no more. Not listening yet. */
export function createHttpServer(input: {
  fetch: (request: Request) => Promise<Response>;
  limits: ConnectionLimits;
  log: Logger;
}): Server {
  return createGuardedServer({
    answer: getRequestListener(input.fetch),
    limits: input.limits,
    report(losses) {
      for (const loss of losses) {
        input.log.warn(loss, "connections lost");
        connectionsLost.inc({ why: loss.why }, loss.count);
      }
    },
  });
}
