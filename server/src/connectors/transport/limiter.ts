import { ErpError } from "../connector.ts";

/** Lets at most so many pieces of work run at once; the others wait in order of arrival. */
export interface Limiter {
  /**
   * @param work is handed the signal that ends it: `signal`, or the end of its turn
   * @param kind default: a reading
   * @throws ErpError `unreachable` when there is no turn before `signal` fires, or none can be asked for
   */
  run<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>, kind?: WorkKind): Promise<T>;
}

export interface WorkKind {
  /** Takes long, and nobody looks on: of several turns one is left to those who wait for an answer. */
  writes: boolean;
  /** How long it may take, ms. Default: the turns' own. */
  forMs?: number;
}

/** Turns at one ERP, of which all server processes take. */
export interface SharedTurns {
  /**
   * Waits while `atOnce` turns are taken, wherever.
   * @param input.forMs when its `ends` fires at the latest; default 25 s
   * @throws ErpError `unreachable` when `signal` fires before, or it cannot be said whether there is one
   */
  take(input: { atOnce: number; forMs?: number; signal: AbortSignal }): Promise<SharedTurn>;
}

export interface SharedTurn {
  /** Fires before the turn can be anybody else's. */
  readonly ends: AbortSignal;
  /** Never rejects: a turn that could not be given back ends by itself. */
  giveBack(): Promise<void>;
}

/** Of `atOnce` turns those that writings may have: the last is a reader's, when there are two. */
const turnsForWriting = (atOnce: number): number => Math.max(1, atOnce - 1);

/** @param shared default: this process's turns are all there are */
export function createLimiter(atOnce: number, shared?: SharedTurns): Limiter {
  const line = createLine(atOnce);
  return {
    async run(signal, work, { writes, forMs } = { writes: false }) {
      const leave = await line.enter(signal, writes);
      let taken: SharedTurn | undefined;
      try {
        const most = writes ? turnsForWriting(atOnce) : atOnce;
        taken = await shared?.take({ atOnce: most, signal, ...(forMs !== undefined && { forMs }) });
        return await work(taken ? AbortSignal.any([signal, taken.ends]) : signal);
      } finally {
        // The answer does not wait for it. Who is next here does, and finds a turn free.
        if (taken) void taken.giveBack().then(leave);
        else leave();
      }
    },
  };
}

/** This process's own line. A writing that may not start yet lets the readings behind it pass. */
function createLine(atOnce: number) {
  const running = { all: 0, writing: 0 };
  const waiting = new Set<{ writes: boolean; start: () => void }>();
  const fits = (writes: boolean) =>
    running.all < atOnce && (!writes || running.writing < turnsForWriting(atOnce));
  const count = (writes: boolean, change: 1 | -1) => {
    running.all += change;
    if (writes) running.writing += change;
  };

  return {
    /** @returns what is called when the place is left */
    enter: (signal: AbortSignal, writes: boolean) =>
      new Promise<() => void>((resolve, reject) => {
        const start = () => {
          waiting.delete(entry);
          signal.removeEventListener("abort", giveUp);
          count(writes, 1);
          resolve(() => {
            count(writes, -1);
            for (const next of waiting) if (fits(next.writes)) return next.start();
          });
        };
        const entry = { writes, start };
        const giveUp = () => {
          waiting.delete(entry);
          reject(new ErpError("unreachable", "gave up waiting for a free request", { cause: signal.reason }));
        };
        if (signal.aborted) return giveUp();
        if (fits(writes)) return start();
        waiting.add(entry);
        signal.addEventListener("abort", giveUp, { once: true });
      }),
  };
}
