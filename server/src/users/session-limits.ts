import type { Context } from "../context/context.ts";

/** A second proof is asked for again after this, s. */
export const provedForS = 10 * 60;

/** How long a session lasts: without a request, and at all, s. */
export async function sessionLimits({ settings }: Context): Promise<{ idleS: number; absoluteS: number }> {
  const idleS = (await settings.get("portal.idleMinutes")) * 60;
  const absoluteS = (await settings.get("portal.sessionHours")) * 3_600;
  return { idleS, absoluteS };
}
