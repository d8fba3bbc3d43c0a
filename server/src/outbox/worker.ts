import { createHash } from "node:crypto";
import type { AddJobsJobSpec } from "graphile-worker";
import type { Logger } from "pino";
import { z } from "zod";
import { sharedAudience } from "../../contract/index.ts";
import type { Actor } from "../actor/actor.ts";
import type { Context, Job } from "../context/context.ts";
import { openRegistrySession } from "../registry/registry.ts";
import { inRootSpan } from "../telemetry/tracing.ts";
import { TenantElsewhere, TenantMoving } from "../tenant/errors.ts";
import { type Chore, createChores } from "./chores.ts";
import type { Deliveries } from "./delivery.ts";
import { findDueWork } from "./find-due-work.ts";
import { startJobQueue } from "./job-queue.ts";
import { backlogChores, forgetBacklog } from "./measure-backlog.ts";
import type { TryTiming } from "./outbox-row.ts";
import { purgeUsedTokens } from "./purge-used-tokens.ts";
import { repeat } from "./repeat.ts";
import { runOutbox } from "./run-outbox.ts";
import { type SweepOptions, startSweeper } from "./sweeper.ts";
import { createUpkeep } from "./upkeep.ts";
import { openWorkerLocks } from "./worker-locks.ts";

export interface WorkerOptions {
  /** Jobs live in the registry database, schema `graphile_worker`; they carry ids only. */
  registryUrl: string;
  /**
   * A context for one job; `release` is called after it. Must open suspended tenants too: money that
   * was captured is still posted and receipted, and what is unknown is still found out.
   */
  contextFor(tenantId: string, actor: Actor): Promise<Context & { release?: () => unknown }>;
  /** Tenants whose databases are swept, suspended ones included. */
  listTenantIds(): Promise<string[]>;
  deliveries: Deliveries;
  /** Of a try to deliver. Default: as in production. */
  timing?: TryTiming;
  resolveAttempt(call: { ctx: Context; input: { attemptId: string } }): Promise<unknown>;
  /** Beside the worker's own. */
  chores?: readonly Chore[];
  log: Logger;
  /**
   * Which server's jobs these are: a tenant's own instance and the shared servers have one registry,
   * and neither may take the other's. Default `shared`.
   */
  audience?: string;
  /**
   * Jobs at once in this process; default 16. An ERP's writing may hold one for minutes, and three of a tenant's: a few
   * slow ERPs must not hold up the others' receipts.
   */
  concurrency?: number;
  /** Jobs of one tenant at once, over all processes; the same in every process. Default 3. */
  jobsAtOnce?(tenantId: string): Promise<number>;
  /** What stopping may take, a database that does not answer included, ms; default 4,500. */
  graceMs?: number;
  /** Default every 10 s with open work, up to every 60 s without. */
  sweep?: SweepOptions;
}

export interface WorkerHandle {
  /** Enqueues; the same job again replaces the one that waits. @throws when the registry is down. */
  wake(tenantId: string, jobs: readonly Job[]): Promise<void>;
  /** false while the queue is lost and started again; the sweep goes on. */
  running(): boolean;
  /** Within `graceMs`: what runs is told to end before, and is found again by the next sweep. */
  stop(): Promise<void>;
}

const Payload = z.object({ tenantId: z.uuid(), id: z.uuid() });
const purge: Chore = {
  name: "purge used tokens",
  everyMs: 3_600_000,
  run: (ctx) => purgeUsedTokens({ ctx }),
};

/**
 * Delivers outbox rows and resolves attempts. The tenants' tables are the truth, the queue only says
 * when and where: losing all of it loses nothing but the seconds until the next sweep.
 */
export async function startWorker(options: WorkerOptions): Promise<WorkerHandle> {
  const { log, listTenantIds } = options;
  const jobsAtOnce = options.jobsAtOnce ?? (async () => 3);
  const { audience = sharedAudience, graceMs = 4_500 } = options;
  // The queue hands out only what its reader has a task for.
  const taskOf = (kind: Job["kind"]) => `${kind}@${audience}`;

  /** A job never fails its queue: what went wrong stands in the row or is found by the sweep. */
  const task = (
    kind: Job["kind"],
    work: (ctx: Context, id: string, signal: AbortSignal) => Promise<unknown>,
  ) => {
    return async (payload: unknown, { abortSignal }: { abortSignal: AbortSignal }) => {
      try {
        const { tenantId, id } = Payload.parse(payload);
        await withContext(options, tenantId, (ctx) => {
          const { id: tenant, slug } = ctx.tenant;
          const attributes = { "tenant.id": tenant, "tenant.slug": slug };
          return inRootSpan({ name: `job ${kind}`, attributes }, () => work(ctx, id, abortSignal));
        });
      } catch (error) {
        const moved = error instanceof TenantMoving || error instanceof TenantElsewhere;
        if (moved) return log.info({ payload }, "a job's tenant moves, its row is found at its new place");
        log.error({ err: error, payload }, "a job failed, the sweep will find its row again");
      }
    };
  };

  const queue = await startJobQueue({
    registryUrl: options.registryUrl,
    concurrency: options.concurrency ?? 16,
    graceMs,
    log,
    tasks: {
      [taskOf("outbox")]: task("outbox", (ctx, id, signal) =>
        runOutbox({
          ctx,
          input: {
            ...{ id, deliveries: options.deliveries, signal },
            ...(options.timing && { timing: options.timing }),
          },
        }),
      ),
      [taskOf("resolve_attempt")]: task("resolve_attempt", (ctx, attemptId) =>
        options.resolveAttempt({ ctx, input: { attemptId } }),
      ),
    },
  });
  const wake = async (tenantId: string, jobs: readonly Job[]) => {
    if (jobs.length === 0) return;
    const shards = await jobsAtOnce(tenantId);
    await queue.add(jobs.map((job) => ({ identifier: taskOf(job.kind), ...toSpec(tenantId, job, shards) })));
  };

  const sweep = options.sweep ?? { activeMs: 10_000, idleMs: 60_000 };
  const locks = openWorkerLocks(openRegistrySession(options.registryUrl));
  const stopRefreshing = repeat({
    everyMs: sweep.activeMs,
    run: () => locks.refresh(queue.workerIds()),
    onError: (error) => log.warn({ err: error }, "dead workers' jobs could not be freed"),
  });
  const chores = createChores([purge, ...backlogChores, ...(options.chores ?? [])]);
  const upkeep = createUpkeep({
    lookAfter: (tenantId) => withContext(options, tenantId, (ctx) => chores.visit(ctx)),
    log,
  });
  const sweeper = startSweeper({
    options: sweep,
    listTenantIds,
    visited: upkeep.ask,
    forget(tenantId) {
      forgetBacklog(tenantId);
      chores.forget(tenantId);
    },
    log,
    wake,
    findDueWork: (tenantId) => withContext(options, tenantId, (ctx) => findDueWork({ ctx })),
  });

  return {
    async wake(tenantId, jobs) {
      sweeper.noteActivity(tenantId);
      await wake(tenantId, jobs);
    },
    running: () => queue.running(),
    async stop() {
      const working = [sweeper.stop(), stopRefreshing(), queue.stop()];
      const stopped = Promise.all([Promise.all(working).then(() => locks.close()), upkeep.stop()]);
      const late = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([stopped, late]);
    },
  };
}

async function withContext<T>(
  { contextFor }: WorkerOptions,
  tenantId: string,
  work: (ctx: Context) => Promise<T>,
): Promise<T> {
  const ctx = await contextFor(tenantId, { kind: "worker" });
  try {
    return await work(ctx);
  } finally {
    await ctx.release?.();
  }
}

/** Jobs of one queue run one after the other, so a tenant has as many queues as jobs at once. */
function toSpec(tenantId: string, job: Job, shards: number): Omit<AddJobsJobSpec, "identifier"> {
  const shard = (createHash("sha256").update(job.id).digest()[0] ?? 0) % shards;
  return {
    payload: { tenantId, id: job.id },
    queueName: `t:${tenantId}:${shard}`,
    jobKey: `${job.kind}:${tenantId}:${job.id}`,
    // Whether money has moved is found out before what tells others of it: an ERP may take its time.
    priority: job.kind === "resolve_attempt" ? 0 : 1,
    // The row counts its own tries.
    maxAttempts: 1,
    ...(job.runAt && { runAt: job.runAt }),
  };
}
