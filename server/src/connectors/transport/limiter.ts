import { ErpError } from "../connector.ts";

/** Lets at most so many pieces of work run at once; the others wait in order of arrival. */
export interface Limiter {
  /**
   * @param work is handed the signal that ends it: `signal`, or the end of its turn
   * @throws ErpError `unreachable` when there is no turn before `signal` fires, or none can be asked for
   */
  run<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Turns at one ERP, of which all server processes take. */
export interface SharedTurns {
  /**
   * Waits while `atOnce` turns are taken, wherever.
   * @throws ErpError `unreachable` when `signal` fires before, or it cannot be said whether there is one
   */
  take(input: { atOnce: number; signal: AbortSignal }): Promise<SharedTurn>;
}

export interface SharedTurn {
  /** Fires before the turn can be anybody else's. */
  readonly ends: AbortSignal;
  /** Never rejects: a turn that could not be given back ends by itself. */
  giveBack(): Promise<void>;
}

/** @param shared default: this process's turns are all there are */
export function createLimiter(atOnce: number, shared?: SharedTurns): Limiter {
  let running = 0;
  const waiting = new Set<() => void>();

  const turn = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const start = () => {
        waiting.delete(start);
        signal.removeEventListener("abort", giveUp);
        running += 1;
        resolve();
      };
      const giveUp = () => {
        waiting.delete(start);
        reject(new ErpError("unreachable", "gave up waiting for a free request", { cause: signal.reason }));
      };
      if (signal.aborted) giveUp();
      else if (running < atOnce) start();
      else {
        waiting.add(start);
        signal.addEventListener("abort", giveUp, { once: true });
      }
    });
  const leave = () => {
    running -= 1;
    const [next] = waiting;
    next?.();
  };

  return {
    async run(signal, work) {
      await turn(signal);
      let taken: SharedTurn | undefined;
      try {
        taken = await shared?.take({ atOnce, signal });
        return await work(taken ? AbortSignal.any([signal, taken.ends]) : signal);
      } finally {
        // The answer does not wait for it. Who is next here does, and finds a turn free.
        if (taken) void taken.giveBack().then(leave);
        else leave();
      }
    },
  };
}
