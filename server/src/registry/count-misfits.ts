import type { Registry } from "./registry.ts";

export interface Misfits {
  /** Served tenants whose database lacks migrations this code needs. */
  behind: number;
  /** Served tenants whose database this code is too old for. */
  ahead: number;
  /** There are active tenants, and this code can open none of them. */
  opensNone: boolean;
}

/** Of the tenants the registry sends to one server, those its code cannot open. */
export async function countMisfits({
  registry,
  input,
}: {
  registry: Pick<Registry, "sql">;
  /** `audience`: `shared`, or an instance's base URL. `minimum`, `latest`: the code's schema versions. */
  input: { audience: string; minimum: number; latest: number };
}): Promise<Misfits> {
  const { audience, minimum, latest } = input;
  const [row] = await registry.sql<Misfits[]>`
    select count(*) filter (where schema_version < ${minimum})::int as behind,
      count(*) filter (where contract_version > ${latest})::int as ahead,
      coalesce(bool_and(schema_version < ${minimum} or contract_version > ${latest})
        filter (where status = 'active'), false) as "opensNone"
    from tenants
    where status in ('active', 'suspended') and coalesce(upstream, 'shared') = ${audience}`;
  return row ?? { behind: 0, ahead: 0, opensNone: false };
}
