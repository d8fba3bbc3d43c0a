/**
 * Remembers identifiers of proofs for as long as they could be used again, in bounded memory: two
 * generations that take turns, so nothing is swept and nothing needs a timer.
 */
export interface ReplayStore {
  /** `fresh` once for an id; `seen` after that; `full` when remembering more would cost memory. */
  claim(id: string): "fresh" | "seen" | "full";
}

export interface ReplayOptions {
  /** How long an id is remembered at least, in milliseconds. */
  keepMs: number;
  /** Ids in one generation. Default 250 000, about 25 MB. Above it nothing is accepted: forgetting would allow replays. */
  maximum?: number;
  now: () => number;
}

export function createReplayStore({ keepMs, maximum = 250_000, now }: ReplayOptions): ReplayStore {
  let current = new Set<string>();
  let previous = new Set<string>();
  let turnedAt = now();
  return {
    claim(id) {
      const age = now() - turnedAt;
      if (age >= keepMs) {
        previous = age >= 2 * keepMs ? new Set() : current;
        current = new Set();
        turnedAt = now();
      }
      if (current.has(id) || previous.has(id)) return "seen";
      if (current.size >= maximum) return "full";
      current.add(id);
      return "fresh";
    },
  };
}
