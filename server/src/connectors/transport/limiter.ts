import { ErpError } from "../connector.ts";

/** Lets at most `max` pieces of work run at once; the others wait in order of arrival. */
export interface Limiter {
  /** @throws ErpError `unreachable` when `signal` fires before there is a turn. */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createLimiter(max: number): Limiter {
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
      else if (running < max) start();
      else {
        waiting.add(start);
        signal.addEventListener("abort", giveUp, { once: true });
      }
    });

  return {
    async run(signal, work) {
      await turn(signal);
      try {
        return await work();
      } finally {
        running -= 1;
        const [next] = waiting;
        next?.();
      }
    },
  };
}
