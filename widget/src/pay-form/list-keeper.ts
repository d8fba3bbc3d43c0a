import type { InvoiceList } from "@clarity/bff/contract";
import { ApiError, asFailure } from "./api.ts";
import { knownOf, mostLooks, outOfReach, pauseMs, staleMs } from "./freshness.ts";
import { changedChoice } from "./notices.ts";
import { isSessionLost } from "./refusals.ts";
import type { Screen } from "./screen.ts";
import { isUntouched, kept, touchedBy } from "./selection.ts";
import type { Notice } from "./state.ts";
import { stillUnderWay } from "./unfinished.ts";

/**
 * Keeps the list on screen true. Nobody waits for the ERP: the server answers with what it remembers and says when to
 * look again. What a newer list does to the choice is said to the payer; while a payment is on its way none is taken.
 */
export class ListKeeper {
  readonly #screen: Screen;
  #watching = false;
  #asking = false;
  #asks = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /**
   * Reads the list. While the ERP cannot be asked, what is known stays.
   * @returns what it did to the choice
   * @throws ApiError when nothing is known
   */
  async refresh(): Promise<Notice | undefined> {
    try {
      return this.#take(await this.#screen.patiently(() => this.#ask()));
    } catch (error) {
      if (this.#keepsThrough(error)) return undefined;
      throw error;
    }
  }

  /** Until there is a list: an old one without invoices does not say that nothing is owed either. */
  async known(): Promise<void> {
    for (let looks = 0; this.#isToCome(); looks++) {
      if (looks === mostLooks) throw new ApiError("erp_unavailable");
      await this.#pause(looks);
      await this.refresh();
    }
  }

  /** Looks again, unseen, for as long as the server says that it is worth it and the payer chooses. */
  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    void this.#watch().finally(() => {
      this.#watching = false;
    });
  }

  /** The payer begins to choose: what they choose from should be new. */
  begun(): void {
    const { world, state } = this.#screen;
    const { list } = state;
    const isOnItsWay = this.#asking || (this.#watching && list.state === "refreshing");
    const lastMs = Math.max(list.readAtMs ?? 0, this.#askedAtMs);
    if (isOnItsWay || world.now() - lastMs <= staleMs) return;
    void this.#look().then(() => this.watch());
  }

  async #watch(): Promise<void> {
    for (let looks = 0; this.#isWorthIt(); looks++) {
      const { list } = this.#screen.state;
      if (looks === mostLooks)
        return this.#screen.set({ list: { ...list, state: "unreachable", askAgainInMs: null } });
      await this.#pause(looks);
      if (this.#isWorthIt()) await this.#look();
    }
  }

  async #pause(looks: number): Promise<void> {
    const { world, state } = this.#screen;
    await world.sleep(pauseMs(state.list, looks, world.random()));
    await world.seen();
  }

  #isToCome(): boolean {
    const { list, invoices } = this.#screen.state;
    return list.state === "loading" || (list.state === "refreshing" && !invoices.length);
  }

  #isWorthIt(): boolean {
    const { phase, list } = this.#screen.state;
    return phase.name === "choosing" && list.askAgainInMs !== null;
  }

  /** One look, which may fail: what is there stays. */
  async #look(): Promise<void> {
    this.#asking = true;
    try {
      const asked = this.#ask();
      const mine = this.#asks;
      const list = await asked;
      // What was shown is being charged, or something newer was asked for since.
      if (this.#screen.state.phase.name !== "choosing" || mine !== this.#asks) return;
      const { notice: said } = this.#screen.state;
      const notice = this.#take(list);
      if (notice) {
        const both = said && said.key !== notice.key ? { ...said, and: notice } : notice;
        this.#screen.set({ notice: both, quote: null });
      }
    } catch (error) {
      // The payer is told when they need the session.
      if (isSessionLost(error))
        this.#screen.set({ list: { ...this.#screen.state.list, askAgainInMs: null } });
      else this.#keepsThrough(asFailure(error));
    } finally {
      this.#asking = false;
    }
  }

  #ask(): Promise<InvoiceList> {
    const { world } = this.#screen;
    this.#askedAtMs = world.now();
    this.#asks++;
    return world.api.invoices();
  }

  #take({ invoices, freshness }: InvoiceList): Notice | undefined {
    const { state, locale, world } = this.#screen;
    const list = knownOf(freshness, world.now());
    // Nothing is known there; what is known here stays.
    if (list.state === "loading") {
      const { readAtMs } = state.list;
      this.#screen.set({ list: { ...list, readAtMs, ...(readAtMs !== null && { state: "refreshing" }) } });
      return undefined;
    }
    const now = { invoices, chosen: kept(state, invoices, locale) };
    // The page is told of a choice that changed, not of every look.
    const chosen = isUntouched(state, now) ? state.chosen : now.chosen;
    this.#screen.set({ invoices, chosen, list, elsewhere: stillUnderWay(state.elsewhere, invoices) });
    return changedChoice(touchedBy(state, { invoices, chosen }, locale), state, locale);
  }

  /** @returns whether there is a list to keep through this. */
  #keepsThrough(error: unknown): boolean {
    const { list } = this.#screen.state;
    if (!(error instanceof ApiError) || error.code !== "erp_unavailable" || list.readAtMs === null)
      return false;
    this.#screen.set({ list: outOfReach(list, error.retryAfterMs) });
    return true;
  }
}
