import type { Sql } from "../database/connect.ts";

/** First key of our advisory locks: "pay" and a number, so that nobody else's are mistaken for ours. */
const lockSpace = 0x706179_1;

export interface WorkerLocks {
  /**
   * Says that these workers live, and frees the jobs of those that do not. graphile-worker itself
   * waits 4 h before it takes a job, and its queue, from a worker killed with -9.
   */
  refresh(workerIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Signs of life are session locks: PostgreSQL drops them the moment a process or its connection dies.
 * A worker whose connection broke may lose its job to another; the outbox row's lease keeps the two apart.
 *
 * @param sql a session of its own (`openRegistrySession`): the locks are its; `close` ends it
 */
export function openWorkerLocks(sql: Sql): WorkerLocks {
  return {
    async refresh(workerIds) {
      // Tried, not waited for: while our own former connection still holds it, or another id of the same
      // hash, the worker counts as living all the same; the next refresh tries again.
      await sql`
        select pg_try_advisory_lock(${lockSpace}, hashtext(id)) from unnest(${[...workerIds]}::text[]) as id
        where not exists (
          select from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'
            and classid = ${lockSpace}::int8::oid and objid = (hashtext(id)::int8 & 4294967295)::oid
        )`;
      // A job taken a moment ago may belong to a worker that has not said so yet.
      await sql`
        select graphile_worker.force_unlock_workers(array_agg(distinct locked_by))
        from graphile_worker.jobs
        where locked_by is not null and locked_at < now() - interval '5 s' and not exists (
          select from pg_locks where locktype = 'advisory' and classid = ${lockSpace}::int8::oid
            and objid = (hashtext(locked_by)::int8 & 4294967295)::oid
        )
        having count(*) > 0`;
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

/** How many workers say in this registry that they live. */
export async function livingWorkers(registry: Sql): Promise<number> {
  const [row] = await registry<{ workers: number }[]>`
    select count(*)::int as workers from pg_locks
    where locktype = 'advisory' and granted and classid = ${lockSpace}::int8::oid
      and database = (select oid from pg_database where datname = current_database())`;
  return row?.workers ?? 0;
}
