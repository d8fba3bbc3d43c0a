import type { Queries } from "../database/database.ts";

/** Events by state, for the console. */
export async function countEvents(
  sql: Queries,
): Promise<{ queued: bigint; delivered: bigint; dropped: bigint }> {
  const [counts] = await sql<[{ queued: bigint; delivered: bigint; dropped: bigint }]>`
    select count(*) filter (where state = 'queued') as queued,
      count(*) filter (where state = 'delivered') as delivered,
      count(*) filter (where state = 'dropped') as dropped
    from events`;
  return counts;
}
