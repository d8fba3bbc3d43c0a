import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Instance } from "./instances.ts";
import type { Registry } from "./registry.ts";

/** Between two signs of life, ms. */
const everyMs = 5_000;
/** Rows of processes that were killed are of no interest after this. */
const keepDays = 7;

/**
 * Tells the registry every 5 s that this server process lives and what its code is: operators send tenants to
 * it, and migrations wait for it. A registry that is down is told later.
 */
export function announceInstance(input: {
  registry: Pick<Registry, "sql">;
  instance: Omit<Instance, "id" | "startedAt" | "seenAt">;
  log: Logger;
}): { stop(): Promise<void> } {
  const { registry, log } = input;
  const { audience, version, schemaVersion, minimumSchemaVersion } = input.instance;
  const id = randomUUID();
  const startedAt = new Date();
  let telling: Promise<void> | null = null;

  const tell = async () => {
    await registry.sql`
      with gone as (
        delete from instances where seen_at < clock_timestamp() - make_interval(days => ${keepDays})
      )
      insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
      values (${id}, ${audience}, ${version}, ${schemaVersion}, ${minimumSchemaVersion}, ${startedAt},
        clock_timestamp())
      on conflict (id) do update set seen_at = excluded.seen_at`;
  };
  const beat = () => {
    telling ??= tell()
      .catch((error) => log.warn({ err: error }, "the registry did not hear that this server lives"))
      .finally(() => {
        telling = null;
      });
  };
  beat();
  const timer = setInterval(beat, everyMs).unref();

  return {
    async stop() {
      clearInterval(timer);
      await telling;
      await registry.sql`delete from instances where id = ${id}`;
    },
  };
}
