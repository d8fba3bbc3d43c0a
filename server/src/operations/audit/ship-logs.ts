import { open } from "node:fs/promises";
import type { Logger } from "pino";
import { Counter, Gauge } from "prom-client";
import type { Sql } from "../../database/connect.ts";
import { repeat } from "../../outbox/repeat.ts";
import { type RegistryLog, readLog, registryLogs } from "./registry-logs.ts";
import { shippedLine } from "./shipped-copy.ts";

/** Takes lines, for good. Rejects unless it has them. */
export type LogSink = (lines: string) => Promise<void>;

const shippedRows = new Counter({
  name: "audit_rows_shipped_total",
  help: "Rows of the registry's own logs, operators' and anchors, that were handed to where copies are kept.",
});
const failures = new Counter({
  name: "audit_shipping_failures_total",
  help: "Times copies of the registry's own logs could not be handed over; tried again every 10 s. Alert on an increase.",
});
const shippedAt = new Gauge({
  name: "audit_shipped_timestamp_seconds",
  help: "When this process last found the registry's own logs shipped to their end, Unix time.",
});

/** What could be rewritten unnoticed by whoever owns the registry's database, ms. */
const everyMs = 10_000;
/** Rows at once. */
const most = 500;
const answerWithinMs = 10_000;
/** "ship" in ASCII, an advisory lock's number: one process ships at a time. */
const lockNumber = 0x73686970;

/**
 * Hands every new row of the registry's own logs to a place that its owner does not have, at least once, in order, by
 * one of the servers' processes at a time. How far it is stands in the registry; a row is shipped before that is written.
 *
 * @returns ends it
 */
export function startShipping(input: { registry: Sql; sink: LogSink; log: Logger }): () => Promise<void> {
  return repeat({
    everyMs,
    run: () => shipLogs(input),
    onError(error) {
      failures.inc();
      input.log.error({ err: error }, "the registry's logs could not be shipped");
    },
  });
}

/** @returns rows that were handed over; null: another process is at it */
export async function shipLogs(input: { registry: Sql; sink: LogSink }): Promise<number | null> {
  const session = await input.registry.reserve();
  try {
    const [lock] = await session<{ mine: boolean }[]>`select pg_try_advisory_lock(${lockNumber}) as mine`;
    if (!lock?.mine) return null;
    try {
      let shipped = 0;
      for (const log of registryLogs) shipped += await shipLog({ ...input, log });
      shippedAt.setToCurrentTime();
      return shipped;
    } finally {
      await session`select pg_advisory_unlock(${lockNumber})`.catch(() => {});
    }
  } finally {
    session.release();
  }
}

async function shipLog(input: { registry: Sql; sink: LogSink; log: RegistryLog }): Promise<number> {
  const { registry, sink, log } = input;
  const [last] = await registry<{ up_to: bigint | null }[]>`
    select max(up_to) as up_to from log_shipments where log = ${log}`;
  let shipped = 0;
  let lines: string[] = [];
  let upTo = last?.up_to ?? null;
  const handOver = async () => {
    if (lines.length === 0) return;
    await sink(lines.join(""));
    await registry`insert into log_shipments (log, up_to) values (${log}, ${String(upTo)}) on conflict do nothing`;
    shippedRows.inc(lines.length);
    shipped += lines.length;
    lines = [];
  };
  for await (const row of readLog(registry, { log, after: upTo })) {
    lines.push(shippedLine(log, row));
    upTo = row.id;
    if (lines.length === most) await handOver();
  }
  await handOver();
  return shipped;
}

/** Lines are added to a file: on a disk that only grows, or read by what carries logs away. */
export const fileSink =
  (path: string): LogSink =>
  async (lines) => {
    const file = await open(path, "a", 0o600);
    try {
      await file.appendFile(lines);
      await file.sync();
    } finally {
      await file.close();
    }
  };

/**
 * Lines are posted as `application/x-ndjson`; any answer of 2xx says that they are kept.
 *
 * @param token sent as a bearer token; null: none
 */
export const httpSink =
  (url: string, token: string | null): LogSink =>
  async (lines) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-ndjson",
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      body: lines,
      redirect: "error",
      signal: AbortSignal.timeout(answerWithinMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the place for copies of the logs answers ${response.status}`);
  };
