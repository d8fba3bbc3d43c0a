import { createRefresher } from "./refresher.ts";

/** Keys that are believed at one time, by id. They lie in files, and change while the process serves. */
export interface KeyRing<K extends { id: string }> {
  /** The first is the one that signs. Never empty. */
  all(): readonly [K, ...K[]];
  /**
   * Looks at the files again, at most once a second whoever asks; resolves after a look that began later than the call.
   * Files that are damaged or gone change nothing.
   *
   * @returns false, at once, when too many wait already
   */
  readAgain(): Promise<boolean>;
}

/** Keys that lie in no file. */
export const fixedRing = <K extends { id: string }>(...keys: [K, ...K[]]): KeyRing<K> => ({
  all: () => keys,
  readAgain: async () => true,
});

/** How old what is known of the files may be, ms: so long is a key that was taken away still believed. */
const everyMs = 10_000;

/**
 * @param read all keys there are now
 * @param onFault told why files could not be read again
 * @throws what `read` throws at first
 */
export async function openKeyRing<K extends { id: string }>(input: {
  read: () => Promise<readonly [K, ...K[]]>;
  onFault: (error: unknown) => void;
}): Promise<KeyRing<K>> {
  const { read, onFault } = input;
  let keys = await read();
  const refresher = createRefresher({
    everyMs: 1_000,
    mostWaiting: 100,
    look: async () => {
      keys = await read().catch((error) => {
        onFault(error);
        return keys;
      });
    },
  });
  setInterval(() => void refresher.ask(), everyMs).unref();
  return { all: () => keys, readAgain: refresher.ask };
}
