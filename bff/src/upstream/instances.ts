import type { Upstream } from "./forward.ts";

/** An instance that answered this long ago is thought to be there, ms. */
const instanceLivesMs = 60_000;

/** Tenants' own instances, and whether any has answered lately. */
export function watchInstances(dedicated: (baseUrl: string) => Upstream, now: () => number) {
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    answer: () => now() - answeredAt < instanceLivesMs,
    dedicated: (baseUrl: string): Upstream => {
      const send = dedicated(baseUrl);
      return async (request, timeoutMs) => {
        const answer = await send(request, timeoutMs);
        answeredAt = now();
        return answer;
      };
    },
  };
}
