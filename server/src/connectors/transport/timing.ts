/** How long an ERP may take, ms. */
export interface ErpTiming {
  /** One reading, connecting included. Recorded: SuiteQL 1 to 3 s. */
  readonly readMs: number;
  /** One writing. Recorded: a `customerPayment` after 32 s; what takes longer is done all the same, unheard. */
  readonly writeMs: number;
  /** All of one post. A connector begins no writing that could not end in it, and goes on at the next try. */
  readonly postMs: number;
}

export const erpTiming: ErpTiming = { readMs: 20_000, writeMs: 110_000, postMs: 230_000 };

/** @returns whether there is still time for one more writing of a post that begins now */
export function timeForWriting({ writeMs, postMs }: ErpTiming, now = () => performance.now()): () => boolean {
  const latest = now() + postMs - writeMs;
  return () => now() <= latest;
}
