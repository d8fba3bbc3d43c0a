import type { ErpFinding } from "../connector.ts";

/** Works, and nothing is to be done. */
export const fine = (what: string): ErpFinding => ({ ok: true, what, advice: null });
/** Works, and somebody should look. */
export const note = (what: string, advice: string): ErpFinding => ({ ok: true, what, advice });
/** Does not work. */
export const advise = (what: string, advice: string): ErpFinding => ({ ok: false, what, advice });

/** `what` when `look` comes to an end, else that it does not, and why. Never throws. */
export async function found(what: string, look: () => Promise<unknown>, advice: string): Promise<ErpFinding> {
  try {
    await look();
    return fine(what);
  } catch (error) {
    return advise(`${what}: no, ${error instanceof Error ? error.message : String(error)}`, advice);
  }
}
