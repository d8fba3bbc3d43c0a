import { setTimeout as pause } from "node:timers/promises";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { ApiError } from "../errors.ts";
import type { Performed } from "../faults/strike.ts";
import type { Call, Services } from "./app-env.ts";

/** Lets the answer travel in its manner. What was done is committed by now, whatever happens here. */
export async function send(c: Call, performed: Performed, services: Services): Promise<Response> {
  services.wake();
  const { hangMs, lateMs } = services.timings;
  switch (performed.manner) {
    case "conflict":
      throw new ApiError("in_progress", "a call with this key is still running");
    case "break":
      return breakConnection(c);
    case "hang":
      await pause(hangMs, undefined, { signal: services.stopping }).catch(() => {});
      return breakConnection(c);
    case "late":
      await pause(lateMs, undefined, { signal: services.stopping }).catch(() => {});
      return answer(performed);
    case "now":
      return answer(performed);
  }
}

function answer({ status, body }: Performed): Response {
  return new Response(body, { status, headers: { "content-type": "application/json" } });
}

function breakConnection(c: Call): Response {
  c.env.outgoing.destroy();
  return RESPONSE_ALREADY_SENT;
}
