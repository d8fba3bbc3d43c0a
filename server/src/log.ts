import { type DestinationStream, type Logger, pino } from "pino";
import { traceFields } from "./telemetry/tracing.ts";

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

/**
 * An allow-list: errors of postgres.js carry row values in `detail` and `where`, those of HTTP
 * clients carry headers and bodies.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === "string" && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
