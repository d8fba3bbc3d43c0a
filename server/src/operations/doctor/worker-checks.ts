import type { Sql } from "../../database/connect.ts";
import { livingWorkers } from "../../outbox/worker-locks.ts";
import { openRegistrySession } from "../../registry/registry.ts";
import { bad, type Check, type Finding, fine } from "../finding.ts";

/** A job is begun within a second of its time. */
const latestS = 60;

/** Servers' workers say that they live by locks in the registry; see outbox/worker-locks.ts. */
export const workerFindings: Check = async ({ ctx }) => {
  // As servers do: the queue's schema is theirs, and an operator's session would call it as an administrator.
  const sql = openRegistrySession(ctx.registry.url);
  try {
    return await lookAtQueue(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
};

async function lookAtQueue(sql: Sql): Promise<Finding[]> {
  const [queue] = await sql<{ there: boolean }[]>`
    select to_regclass('graphile_worker.jobs') is not null as there`;
  // No server has ever been started here.
  if (!queue?.there) return [];
  const [jobs] = await sql<{ late: number }[]>`
    select count(*)::int as late from graphile_worker.jobs
    where locked_at is null and run_at < now() - make_interval(secs => ${latestS}) and attempts < max_attempts`;
  const late = jobs?.late ?? 0;
  if ((await livingWorkers(sql)) === 0) {
    return [
      bad(
        "no worker is alive",
        `nothing is posted to ERPs, no receipt is sent, unknown payments stay unknown; ${late} jobs wait`,
        "start a server (npm start, or node server/src/main.ts)",
      ),
    ];
  }
  if (late === 0) return [fine("a worker is alive, and no job waits")];
  return [
    bad(
      `${late} jobs wait for more than ${latestS} s although a worker is alive`,
      "payments reach ERPs late",
      "read the server's log for the job queue, add a server process, or restart it",
    ),
  ];
}

/** Instances say what they are every few seconds. */
const silentS = 30;

/** Base URLs tenants are sent to, and `shared`: those that have said something, and say it no more. */
export const instanceFindings: Check = async ({ ctx }) => {
  const silent = await ctx.registry.sql<{ audience: string; silent_s: number; tenants: number }[]>`
    select audience, extract(epoch from now() - max(seen_at))::int as silent_s,
      (select count(*)::int from tenants
        where coalesce(upstream, 'shared') = audience and status in ('active', 'moving')) as tenants
    from instances group by audience
    having max(seen_at) < now() - make_interval(secs => ${silentS})
    order by audience`;
  return silent
    .filter(({ tenants }) => tenants > 0)
    .map(({ audience, silent_s, tenants }) =>
      bad(
        `no server of ${audience} was heard of for ${silent_s} s`,
        `${tenants} tenants are served by it alone`,
        "start it, or look why it does not reach the registry",
      ),
    );
};
