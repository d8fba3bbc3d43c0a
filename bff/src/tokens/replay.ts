/**
 * Remembers identifiers of proofs for as long as they could be used again, in bounded memory: two
 * generations that take turns, so nothing is swept and nothing needs a timer.
 */
export interface ReplayStore {
  /** `fresh` once for a tenant's id; `seen` after that; `full` when remembering more would cost memory. */
  claim(tenantId: string, id: string): "fresh" | "seen" | "full";
}

export interface ReplayOptions {
  /** How long an id is remembered at least, in milliseconds. */
  keepMs: number;
  /**
   * Ids in one generation, all tenants' together. Default 500 000, about 50 MB. No tenant may have more than is still
   * free: one alone has half of them, and a flood at some leaves room for the others. Above it nothing of the tenant
   * is accepted: forgetting would allow replays.
   */
  maximum?: number;
  now: () => number;
}

export function createReplayStore({ keepMs, maximum = 500_000, now }: ReplayOptions): ReplayStore {
  let current = new Map<string, Set<string>>();
  let previous = new Map<string, Set<string>>();
  let free = maximum;
  let turnedAt = now();
  return {
    claim(tenantId, id) {
      const age = now() - turnedAt;
      if (age >= keepMs) {
        previous = age >= 2 * keepMs ? new Map() : current;
        current = new Map();
        free = maximum;
        turnedAt = now();
      }
      const own = current.get(tenantId) ?? new Set();
      if (own.has(id) || previous.get(tenantId)?.has(id)) return "seen";
      if (own.size >= free) return "full";
      if (own.size === 0) current.set(tenantId, own);
      own.add(id);
      free -= 1;
      return "fresh";
    },
  };
}
