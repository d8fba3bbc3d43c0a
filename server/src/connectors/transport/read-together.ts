type Reads<T extends readonly unknown[]> = { [I in keyof T]: (signal: AbortSignal) => Promise<T[I]> };

/**
 * Reads at once. When one fails the others are given up and waited for: a request that outlived the failure would
 * hold a turn under the ERP's limit for an answer that nobody reads.
 * @throws whatever the first to fail threw
 */
export async function readTogether<T extends readonly unknown[]>(
  signal: AbortSignal,
  reads: readonly [...Reads<T>],
): Promise<T> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const running = reads.map(async (read) => read(either));
  try {
    return (await Promise.all(running)) as unknown as T;
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
