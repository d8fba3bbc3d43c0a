import { describeError } from "@clarity/server/contract";
import { type DestinationStream, type Logger, pino } from "pino";

/** A JSON logger for machines, one line an event. Ids, routes, states; never names, addresses, tokens. */
export function createLogger(input: { level?: string | undefined; destination?: DestinationStream }): Logger {
  const options = {
    name: "edge",
    level: input.level ?? "info",
    base: { name: "edge" },
    serializers: { err: describeError },
  };
  return input.destination ? pino(options, input.destination) : pino(options);
}
