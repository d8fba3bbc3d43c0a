import { EventEmitter } from "node:events";
import {
  type AddJobsJobSpec,
  Logger as GraphileLogger,
  makeWorkerUtils,
  type Runner,
  run,
  type TaskList,
  type WorkerEvents,
} from "graphile-worker";
import type { Logger } from "pino";
import { sessionOptions } from "../database/session.ts";
import { nodePostgresUrl } from "../database/tls.ts";

export interface JobQueue {
  add(jobs: AddJobsJobSpec[]): Promise<void>;
  /** Ids of the workers running now. */
  workerIds(): string[];
  /** false between its loss and its next start. */
  running(): boolean;
  stop(): Promise<void>;
}

/** Starting again after the registry was lost: from 0.5 s to 15 s. */
const restartMs = { first: 500, longest: 15_000 };
/** So long before the grace is over jobs are told to stop, and left, ms. */
const beforeTheEndMs = { abort: 2_500, leave: 500 };

/**
 * graphile-worker in the registry database, started again whenever it gives up. Jobs never fail: a
 * task that throws is logged, and the sweep finds its row again.
 *
 * @throws when the registry cannot be reached at the start
 */
export async function startJobQueue(options: {
  registryUrl: string;
  tasks: TaskList;
  concurrency: number;
  /** What stopping may take, ms. */
  graceMs: number;
  log: Logger;
}): Promise<JobQueue> {
  const { log, graceMs } = options;
  const connectionString = nodePostgresUrl(options.registryUrl, sessionOptions());
  const logger = toGraphileLogger(log);
  const utils = await makeWorkerUtils({ connectionString, maxPoolSize: 2, logger });
  await utils.migrate();

  const workerIds = new Set<string>();
  let stopping = false;
  let runner: Runner | null = null;
  let running = true;
  const begin = async (): Promise<Runner> => {
    workerIds.clear();
    const events: WorkerEvents = new EventEmitter();
    events.on("worker:create", ({ worker }) => void workerIds.add(worker.workerId));
    return run({
      connectionString,
      concurrency: options.concurrency,
      maxPoolSize: options.concurrency + 2,
      // A wake-up comes by NOTIFY; the poll is for jobs of a later time.
      pollInterval: 1_000,
      noHandleSignals: true,
      gracefulShutdownAbortTimeout: Math.max(0, graceMs - beforeTheEndMs.abort),
      taskList: options.tasks,
      parsedCronItems: [],
      logger,
      events,
    });
  };

  runner = await begin();
  const supervised = (async () => {
    for (let pauseMs = restartMs.first; !stopping; ) {
      const startedAt = Date.now();
      const lost = await (runner?.promise.then(() => null, reasonOf) ?? Promise.resolve("could not start"));
      running = false;
      if (stopping) return;
      log.warn({ cause: lost, pauseMs }, "the job queue stopped, starting it again");
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Date.now() - startedAt > 60_000 ? restartMs.first : Math.min(pauseMs * 2, restartMs.longest);
      if (!stopping) runner = await begin().catch(() => null);
      running = runner !== null;
    }
  })();

  return {
    async add(jobs) {
      await utils.addJobs(jobs);
    },
    workerIds: () => [...workerIds],
    running: () => running,
    async stop() {
      stopping = true;
      const stopped = runner?.stop().catch(() => {});
      const leaveMs = Math.max(0, graceMs - beforeTheEndMs.leave);
      const late = new Promise((resolve) => setTimeout(resolve, leaveMs).unref());
      await Promise.race([Promise.all([stopped, supervised]), late]);
      await utils.release();
    },
  };
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function toGraphileLogger(log: Logger): GraphileLogger {
  return new GraphileLogger(() => (level, message) => {
    // Its info lines announce every job.
    if (level === "error") log.error({ from: "graphile-worker" }, message);
    else if (level === "warning") log.warn({ from: "graphile-worker" }, message);
    else log.debug({ from: "graphile-worker" }, message);
  });
}
