import { type DestinationStream, type Logger, pino } from "pino";
import { describeError } from "../../contract/index.ts";
import { traceFields } from "./tracing.ts";

export type { Logger };

/**
 * A JSON logger for machines, one line an event, UTC. Log ids, states, counts and causes; never
 * names, addresses, tokens, amounts of a person or setting values.
 *
 * @param level default `info`
 * @param destination default standard output
 */
export function createLogger(input: {
  name: string;
  level?: string;
  destination?: DestinationStream;
}): Logger {
  const options = {
    name: input.name,
    level: input.level ?? "info",
    // Host name and process id are the log shipper's business.
    base: { name: input.name },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: traceFields,
    serializers: { err: describeError, error: describeError },
  };
  return input.destination ? pino(options, input.destination) : pino(options);
}
