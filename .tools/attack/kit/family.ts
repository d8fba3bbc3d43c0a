/** One thing that somebody who should not get in tries. */
export interface Check {
  /** What holds, as a test is named: `a silent socket is closed`. */
  name: string;
  /** @throws whatever says that it fell: an `AssertionError`, a time-out, a process that is gone */
  run(): Promise<void>;
}

/**
 * What is tried at one place, in a file of its own: `.tools/attack/<name>.ts` exports it as `family`. Everything stays
 * on loopback, and is bounded in time and count.
 */
export interface Family {
  name: string;
  /** The first dozen run with `npm test` too: the quick ones, and one of each kind. */
  checks: readonly Check[];
  /** Starts what the checks are tried on: a rig or a demo of the family's own. */
  open?(): Promise<void>;
  close?(): Promise<void>;
}
