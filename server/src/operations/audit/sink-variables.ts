import { defineVariables, kinds } from "../../../contract/environment/index.ts";
import { fileSink, httpSink, type LogSink } from "./ship-logs.ts";

/** Where copies of the registry's own logs go, beyond the reach of who owns its database. */
export const sinkVariables = defineVariables({
  CLARITY_AUDIT_COPY_URL: {
    kind: kinds.httpUrl,
    help: "the registry's own logs are posted there as they grow, JSON lines; any 2xx says that they are kept",
    otherwise: "no copies",
  },
  CLARITY_AUDIT_COPY_TOKEN: {
    kind: kinds.text,
    help: "sent there as a bearer token",
    otherwise: "none",
    secret: true,
  },
  CLARITY_AUDIT_COPY_FILE: {
    kind: kinds.path,
    help: "the same lines are added to this file: on what only grows, or read by what carries logs away",
    otherwise: "no copies",
  },
});

/** @returns null: no copies are wanted */
export function sinkOf(values: {
  CLARITY_AUDIT_COPY_URL?: string | undefined;
  CLARITY_AUDIT_COPY_TOKEN?: string | undefined;
  CLARITY_AUDIT_COPY_FILE?: string | undefined;
}): LogSink | null {
  const {
    CLARITY_AUDIT_COPY_URL: url,
    CLARITY_AUDIT_COPY_TOKEN: token,
    CLARITY_AUDIT_COPY_FILE: file,
  } = values;
  const sinks = [...(url ? [httpSink(url, token ?? null)] : []), ...(file ? [fileSink(file)] : [])];
  if (sinks.length === 0) return null;
  return async (lines) => {
    for (const sink of sinks) await sink(lines);
  };
}
