import type { Grant } from "./api.ts";
import type { Clock } from "./clock.ts";

/** The payer hears of the end so long before at most, and has so long to say something at least, ms (WCAG 2.2.1). */
const warning = { longestMs: 120_000, shortestMs: 25_000 };
const lookEveryMs = 1_000;
/** After a renewal that failed the server is left alone so long, ms. */
const quietMs = 10_000;

/** What the payer is told ahead of the end. `final`: there is no going on. */
export type Ending = "soon" | "final" | null;

export interface KeeperOptions {
  clock: Clock;
  grant: () => Grant | undefined;
  /** Goes on under the same session, or, when that is as old as it may be, `anew`. @throws ApiError */
  renew: (anew: boolean) => Promise<void>;
  /** Whether the page can give another token. */
  mayOpen: () => boolean;
  told: (ending: Ending) => void;
  ended: () => void;
  signal: AbortSignal;
}

/**
 * Keeps a session alive while it is used, and says so before it ends. By the server's clock; after a sleep or a jump of
 * the device's the server is asked.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  #ending: Ending = null;
  #renewing = false;
  #quietUntilMs = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const timer = setInterval(() => this.#look(), lookEveryMs);
    options.signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  /** The payer has touched something: half a token's life is kept ahead of them. */
  used(): void {
    const { clock, grant } = this.#options;
    const held = grant();
    if (!held?.renewableUntilMs || this.#isFinal(held)) return;
    if (clock.now() > (held.givenAtMs + held.endsAtMs) / 2) void this.goOn();
  }

  async goOn(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const held = this.#options.grant();
    const anew = held !== undefined && this.#isFinal(held) && this.#options.mayOpen();
    // Nobody waits for it: when it cannot be had, the end says so.
    await this.#options.renew(anew).catch(() => {
      this.#quietUntilMs = performance.now() + quietMs;
    });
    this.#renewing = false;
    this.#look();
  }

  #look(): void {
    const { clock, grant, ended, mayOpen } = this.#options;
    const held = grant();
    if (!held?.renewableUntilMs || this.#renewing) return;
    const { givenAtMs, renewableUntilMs: untilMs } = held;
    if (clock.isInDoubt && performance.now() > this.#quietUntilMs) {
      void this.goOn();
      return;
    }
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) {
      this.#tell(null);
      ended();
      return;
    }
    const { longestMs, shortestMs } = warning;
    const earlyMs = Math.max(shortestMs, Math.min(longestMs, (untilMs - givenAtMs) / 2));
    this.#tell(leftMs > earlyMs ? null : this.#isFinal(held) && !mayOpen() ? "final" : "soon");
  }

  /** As far as its key can renew it, it has been. */
  #isFinal({ renewableUntilMs = 0, finalMs = Infinity }: Grant): boolean {
    return finalMs <= renewableUntilMs;
  }

  #tell(ending: Ending): void {
    if (ending === this.#ending) return;
    this.#ending = ending;
    this.#options.told(ending);
  }
}
