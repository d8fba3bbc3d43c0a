import { truncatedAddress } from "./address.ts";

/**
 * Why a connection, or a request on it, was lost:
 *
 * - `address`: its address had as many as it may
 * - `full`: all places were taken, by connections with a request under way
 * - `crowded`: it asked for nothing while another wanted its place
 * - `pipelined`: more requests behind one another than may wait
 * - `unread`: its answer was not taken in time
 * - `unsent`: more of its answers waited to be taken than may
 */
export type Why = "address" | "full" | "crowded" | "pipelined" | "unread" | "unsent";

export interface Loss {
  why: Why;
  /** A part of the address, see `truncatedAddress`; `others`: of more than are told apart. */
  network: string;
  count: number;
}

/** Told apart at a time: a flood of losses is no flood of log lines. */
const mostTold = 20;

/** Losses, counted until somebody takes them. */
export interface Losses {
  /** @param address undefined: gone before it could be asked */
  add(why: Why, address: string | undefined): void;
  take(): Loss[];
}

export function createLosses(): Losses {
  const counted = new Map<string, Loss>();
  return {
    add(why, address) {
      const seen = (network: string) => counted.get(`${why} ${network}`);
      const network = truncatedAddress(address ?? "");
      const its = seen(network) || counted.size < mostTold ? network : "others";
      const loss = seen(its) ?? { why, network: its, count: 0 };
      loss.count += 1;
      counted.set(`${why} ${its}`, loss);
    },
    take() {
      const told = [...counted.values()];
      counted.clear();
      return told;
    },
  };
}
