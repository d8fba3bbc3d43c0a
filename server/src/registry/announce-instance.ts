import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Registry } from "./registry.ts";

/** What a server process says of itself. */
export interface InstanceDescription {
  /** `shared`, or an instance's base URL. */
  audience: string;
  version: string;
  /** The last migration its code knows, and the last it cannot do without. */
  schemaVersion: number;
  minimumSchemaVersion: number;
}

/** Those killed are forgotten after this. */
const rememberedS = 86_400;

/**
 * Says in the registry, now and every few seconds, that this process is there. A registry that is down hears it when
 * it is back.
 *
 * @param everyMs default 10,000
 * @returns says that it is gone, and ends
 */
export function announceInstance(input: {
  registry: Pick<Registry, "sql">;
  instance: InstanceDescription;
  log: Logger;
  everyMs?: number;
}): () => Promise<void> {
  const { instance, log, everyMs = 10_000 } = input;
  const { sql } = input.registry;
  const id = randomUUID();
  const startedAt = new Date();
  const say = async () => {
    try {
      await sql`
        insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
        values (${id}, ${instance.audience}, ${instance.version}, ${instance.schemaVersion},
          ${instance.minimumSchemaVersion}, ${startedAt}, clock_timestamp())
        on conflict (id) do update set seen_at = excluded.seen_at`;
      // Apart: that the dead cannot be forgotten makes no living server look dead.
      await sql`
        delete from instances where seen_at < now() - make_interval(secs => ${rememberedS}) and id <> ${id}`;
    } catch (err) {
      log.warn({ err }, "the registry could not be told that this server is there, or to forget another");
    }
  };
  let saying = say();
  const timer = setInterval(() => {
    saying = saying.then(say);
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await saying;
    await sql`delete from instances where id = ${id}`.catch(() => {});
  };
}
