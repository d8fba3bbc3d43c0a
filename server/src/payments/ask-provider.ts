/** Longest single call to a provider. */
const providerTimeoutMs = 10_000;
/** A payer's request is answered within this, whatever the provider does. */
export const answerWithinMs = 12_000;

/** An instant (epoch ms) the caller must have its answer by. */
export type Deadline = number;
export const deadlineIn = (ms: number): Deadline => Date.now() + ms;

/**
 * One bounded call to a provider. Whatever goes wrong with it, a time-out or a throw, is `unknown`:
 * the call may have had its effect.
 */
export async function askProvider<T>(
  deadline: Deadline,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T | { kind: "unknown"; cause: string }> {
  const timeoutMs = Math.min(providerTimeoutMs, deadline - Date.now());
  if (timeoutMs <= 0) return { kind: "unknown", cause: "no time was left to ask" };
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer within ${timeoutMs} ms`)));
  });
  try {
    // The race bounds the wait even for an adapter that does not mind its signal.
    return await Promise.race([call(signal), late]);
  } catch (error) {
    return { kind: "unknown", cause: error instanceof Error ? error.message : String(error) };
  }
}
