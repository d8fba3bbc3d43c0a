import type { Invoice, Session } from "@clarity/bff/contract";
import { knownOf } from "./freshness.ts";
import { patiently, reading } from "./patience.ts";
import { type Price, priceOf } from "./pricing.ts";
import { initialState, type State } from "./state.ts";
import type { Unfinished } from "./unfinished.ts";
import type { World } from "./world.ts";

/** What the parts of the flow share: the world, what the payer sees, and the one way to change it. */
export class Screen {
  readonly world: World;
  locale = "en";
  #state: State = initialState;

  constructor(world: World) {
    this.world = world;
  }

  get state(): State {
    return this.#state;
  }

  get price(): Price {
    return priceOf(this.#state, this.locale);
  }

  /** What this customer has under way in this tab. */
  get unfinished(): Unfinished {
    return this.world.unfinished(this.#state.session?.customer.id ?? "");
  }

  set(change: Partial<State>): void {
    const before = this.#state;
    this.#state = { ...before, focus: null, ...change };
    this.world.changed(before);
  }

  /** From now on amounts are written as the session's language does; nothing is painted yet. */
  admit(session: Session): Pick<State, "session" | "invoices" | "list"> {
    this.locale = this.world.localeFor(session);
    const list = knownOf(session.invoicesFreshness, this.world.now());
    const invoices: readonly Invoice[] = session.invoices;
    const seen = { session, invoices, list };
    this.#state = { ...this.#state, ...seen };
    return seen;
  }

  /** As an element that was away left it. */
  readmit({ session, invoices, list, elsewhere }: State): void {
    if (!session) return;
    this.admit(session);
    this.#state = { ...this.#state, invoices, list, elsewhere };
  }

  patiently<T>(call: () => Promise<T>, kind = reading): Promise<T> {
    const onWait = () => {
      if (this.#state.phase.name === "paying") this.set({ phase: { name: "paying", words: "retrying" } });
    };
    return patiently(call, { ...kind, sleep: this.world.sleep, onWait });
  }
}
