import { sharedAudience } from "../../contract/index.ts";
import type { Operator } from "./operator.ts";

/** A server process that may serve tenants now. */
export interface Instance {
  readonly id: string;
  /** Base URL of an instance of its own, or `shared`. */
  readonly audience: string;
  readonly version: string;
  readonly schemaVersion: number;
  readonly minimumSchemaVersion: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

/** Servers say that they are there every few seconds; one that was silent for longer is gone. */
const silenceS = 60;

export async function livingInstances(ctx: Operator): Promise<Instance[]> {
  const rows = await ctx.registry.sql<
    (Omit<Instance, "schemaVersion" | "minimumSchemaVersion"> & { schema: number; minimum: number })[]
  >`
    select id, audience, version, schema_version as schema, minimum_schema_version as minimum,
      started_at as "startedAt", seen_at as "seenAt"
    from instances
    where seen_at > clock_timestamp() - make_interval(secs => ${silenceS})
    order by audience, started_at`;
  return rows.map(({ schema, minimum, ...row }) => ({
    ...row,
    schemaVersion: schema,
    minimumSchemaVersion: minimum,
  }));
}

/** Those a tenant's requests may reach. */
export const serversOf = (
  instances: readonly Instance[],
  { upstream }: { upstream: string | null },
): readonly Instance[] => instances.filter(({ audience }) => audience === (upstream ?? sharedAudience));

/** A code freeze that keeps an instance's code as it is, whether the instance runs now or not. */
export interface Pin {
  readonly slug: string;
  readonly upstream: string;
  readonly until: Date;
  readonly schemaVersion: number;
}

/** Of tenants with an instance of their own: their neighbours on it are served by the same old code. */
export async function currentPins(ctx: Operator): Promise<Pin[]> {
  return ctx.registry.sql<Pin[]>`
    select slug, upstream, pin_until as until, schema_version as "schemaVersion" from tenants
    where pin_until > clock_timestamp() and upstream is not null order by slug`;
}
