import type { Logger } from "pino";
import type { Job } from "../context/context.ts";
import { sweepFinishedAt } from "../telemetry/metrics.ts";
import { repeat } from "./repeat.ts";

/** Databases asked at once. */
const tenantsAtOnce = 4;

export interface SweepOptions {
  /** A tenant with open work, or woken lately, is looked at this often, ms. */
  activeMs: number;
  /** One without, ms: the pause doubles from `activeMs` up to this. */
  idleMs: number;
}

export interface Sweeper {
  /** Something happens at this tenant: look again soon. */
  noteActivity(tenantId: string): void;
  stop(): Promise<void>;
}

/**
 * Looks through the tenants' databases for work nobody was woken for. A tenant whose database is down
 * is passed over until its next turn. Nothing stands before that look: what a process may do without is done
 * beside it (`upkeep.ts`).
 */
export function startSweeper(input: {
  options: SweepOptions;
  listTenantIds(): Promise<string[]>;
  findDueWork(tenantId: string): Promise<{ jobs: Job[]; open: boolean }>;
  wake(tenantId: string, jobs: Job[]): Promise<void>;
  /** Its work was looked for. */
  visited(tenantId: string): void;
  /** It is served here no more. */
  forget(tenantId: string): void;
  log: Logger;
}): Sweeper {
  const { activeMs, idleMs } = input.options;
  const turns = new Map<string, { at: number; pauseMs: number }>();
  let stopped = false;

  const visit = async (tenantId: string) => {
    const pauseMs = turns.get(tenantId)?.pauseMs ?? activeMs;
    // Set before asking, so that activity noted meanwhile stays noted.
    turns.set(tenantId, { at: Date.now() + pauseMs, pauseMs: Math.min(pauseMs * 2, idleMs) });
    try {
      const { jobs, open } = await input.findDueWork(tenantId);
      if (jobs.length > 0) await input.wake(tenantId, jobs);
      if (open) noteActivity(tenantId);
    } catch (error) {
      input.log.warn({ err: error, tenantId }, "sweeping a tenant failed");
    }
    input.visited(tenantId);
  };

  const sweep = async () => {
    const tenantIds = await input.listTenantIds();
    const served = new Set(tenantIds);
    for (const known of turns.keys()) {
      if (served.has(known)) continue;
      turns.delete(known);
      input.forget(known);
    }
    const due = tenantIds.filter((id) => (turns.get(id)?.at ?? 0) <= Date.now());
    const next = due.values();
    await Promise.all(
      Array.from({ length: tenantsAtOnce }, async () => {
        for (const tenantId of next) if (!stopped) await visit(tenantId);
      }),
    );
    sweepFinishedAt.setToCurrentTime();
  };

  const noteActivity = (tenantId: string) => {
    turns.set(tenantId, { at: Date.now() + activeMs, pauseMs: activeMs });
  };

  const stop = repeat({
    everyMs: activeMs,
    run: sweep,
    onError: (error) => input.log.warn({ err: error }, "the sweep failed"),
  });

  return {
    noteActivity,
    async stop() {
      stopped = true;
      await stop();
    },
  };
}
