import type { Sql } from "../database/client.ts";

/** A server process, as it says of itself. */
export interface Instance {
  readonly id: string;
  /** Base URL of an instance of its own, or `shared`. */
  readonly audience: string;
  readonly version: string;
  /** The last migration its code knows, and the last it cannot do without. */
  readonly schemaVersion: number;
  readonly minimumSchemaVersion: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

interface Row {
  id: string;
  audience: string;
  version: string;
  schema_version: number;
  minimum_schema_version: number;
  started_at: Date;
  seen_at: Date;
}

/** One that was silent for longer is gone. */
const silenceS = 60;

/** By audience, the oldest first. */
export async function livingInstances(sql: Sql): Promise<Instance[]> {
  const rows = await sql<Row[]>`
    select * from instances where seen_at > clock_timestamp() - make_interval(secs => ${silenceS})
    order by audience, started_at`;
  return rows.map((row) => ({
    id: row.id,
    audience: row.audience,
    version: row.version,
    schemaVersion: row.schema_version,
    minimumSchemaVersion: row.minimum_schema_version,
    startedAt: row.started_at,
    seenAt: row.seen_at,
  }));
}
