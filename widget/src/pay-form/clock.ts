/** Above this the device slept, or its clock was set, ms. */
const apartMs = 5_000;

/**
 * The server's time. What a device says of it may be minutes or years off, and change while the form is open; each
 * answer of the edge brings it along (`Date`, RFC 9110 §6.6.1). Until the first does, the device is believed.
 */
export class Clock {
  #atMs = Date.now();
  #since = stopwatch();

  /** Milliseconds since 1970. */
  now(): number {
    return this.#atMs + this.#since().atLeastMs;
  }

  /** What an answer's `Date` says, as it comes in. */
  told(date: string | null): void {
    const atMs = Date.parse(date ?? "");
    if (Number.isNaN(atMs)) return;
    this.#atMs = atMs;
    this.#since = stopwatch();
  }

  /** Something has happened since the last answer that leaves `now` a guess. */
  get isInDoubt(): boolean {
    return this.#since().apartMs > apartMs;
  }
}

/**
 * Measures from now on. The device's clock goes wrong when it is set, the steady one may stand while the device sleeps:
 * it has been as long as the longer of them says, at least as far as something may have ended.
 */
export function stopwatch(): () => { atLeastMs: number; apartMs: number } {
  const [clockMs, steadyMs] = [Date.now(), performance.now()];
  return () => {
    const byClockMs = Date.now() - clockMs;
    const bySteadyMs = performance.now() - steadyMs;
    return { atLeastMs: Math.max(byClockMs, bySteadyMs), apartMs: Math.abs(byClockMs - bySteadyMs) };
  };
}

/** Of this page: whatever element asks next knows what the last was told. */
export const edgeClock = new Clock();
