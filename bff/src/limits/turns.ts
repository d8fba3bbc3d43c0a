import { Refusal } from "../http/refusal.ts";

/** Work at a server for strangers: so much at once, and who waits for it takes turns. */
export interface Turns {
  /**
   * Waits for a turn in a lane. Those who wait are asked one after the other, each for one of theirs: whoever has a
   * hundred waiting is behind nobody who has one, and before nobody.
   *
   * @returns ends the turn
   * @throws Refusal `rate_limited` when as many of the asker's wait as may, or none of them came up in time
   */
  take(input: { lane: string; asker: string }): Promise<() => void>;
}

interface Lane {
  running: number;
  /** By asker, in the order in which they are asked. */
  waiting: Map<string, (() => void)[]>;
}

/** Of one asker. */
const mostWaiting = 50;

/** @param atOnce in one lane. @param patienceMs how long a turn is waited for */
export function createTurns({ atOnce, patienceMs = 5_000 }: { atOnce: number; patienceMs?: number }): Turns {
  const lanes = new Map<string, Lane>();

  function end(name: string, lane: Lane): void {
    lane.running -= 1;
    const [next] = lane.waiting;
    if (next) {
      const [asker, [begin, ...later]] = next;
      lane.waiting.delete(asker);
      if (later.length > 0) lane.waiting.set(asker, later);
      begin?.();
    } else if (lane.running === 0) lanes.delete(name);
  }

  function wait(lane: Lane, asker: string): Promise<void> {
    const its = lane.waiting.get(asker) ?? [];
    if (its.length >= mostWaiting) throw tooMany();
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(timer);
        lane.running += 1;
        resolve();
      };
      const timer = setTimeout(() => {
        const others = lane.waiting.get(asker)?.filter((one) => one !== begin) ?? [];
        if (others.length > 0) lane.waiting.set(asker, others);
        else lane.waiting.delete(asker);
        reject(tooMany());
      }, patienceMs);
      lane.waiting.set(asker, [...its, begin]);
    });
  }

  return {
    async take({ lane: name, asker }) {
      const lane = lanes.get(name) ?? { running: 0, waiting: new Map() };
      lanes.set(name, lane);
      if (lane.running < atOnce) lane.running += 1;
      else await wait(lane, asker);
      return () => end(name, lane);
    },
  };
}

const tooMany = () => new Refusal("rate_limited");
