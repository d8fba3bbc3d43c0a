import type { Payment, PaymentRequest } from "@clarity/bff/contract";
import { ApiError } from "./api.ts";
import { findPayment } from "./find-payment.ts";
import { paying } from "./patience.ts";
import { isSessionLost, makesListStale, mayBeStored } from "./refusals.ts";
import type { Screen } from "./screen.ts";
import type { Notice, State } from "./state.ts";

/** Pauses between looks at a payment under way, ms; the last repeats. 24 looks are about two minutes. */
const pollWaitsMs = [1000, 1500, 2200, 3300, 5000];
const maxPolls = 24;
/** Between looks while the bank's page is open, ms: a payer who confirms in an app sees it within 3 s. Later less often; half an hour in all. */
const challengeWaitMs = (looks: number) => (looks < 150 ? 2000 : 6000);
const maxChallengeLooks = 400;
/** Out of sight for longer, the payer was in another app. */
const awayMs = 500;

/** Where a payment's course leads back to. */
export interface Ways {
  /** Reads the list anew. @returns what that did to the choice */
  refresh: () => Promise<Notice | undefined>;
  choose: (more: Partial<State>) => void;
  /** The price is another than the payer agreed to. */
  askAgain: (and?: Notice) => void;
  blocked: (error: unknown) => void;
}

/** What becomes of one payment, from its sending until it is settled, or needs the payer, or takes too long. */
export class Course {
  readonly #screen: Screen;
  readonly #ways: Ways;
  /** Sent and not yet answered for good: every retry sends this very body. */
  #pending: PaymentRequest | null = null;

  constructor(screen: Screen, ways: Ways) {
    this.#screen = screen;
    this.#ways = ways;
  }

  /** What was sent and has no answer yet. */
  get pending(): PaymentRequest | null {
    return this.#pending;
  }

  async submit(request: PaymentRequest): Promise<void> {
    this.#pending = request;
    this.#screen.unfinished.begin(request);
    this.#screen.set({ phase: { name: "paying", words: "sending" } });
    let tries = 0;
    try {
      const payment = await this.#screen.patiently(() => {
        tries++;
        return this.#screen.world.api.pay(request);
      }, paying);
      this.#known(payment);
      return this.follow(payment);
    } catch (error) {
      return this.#refused(error, tries);
    }
  }

  /**
   * Follows a payment the server knows until it is settled, or needs the payer, or takes too long.
   * Never throws: whatever goes wrong while asking says nothing about the payment.
   */
  async follow(first: Payment): Promise<void> {
    const { world } = this.#screen;
    let payment = first;
    for (let polls = 0; ; polls++) {
      if (payment.state === "captured" || payment.state === "declined" || payment.state === "failed") {
        return this.#settle(payment);
      }
      this.#screen.set({ waiting: payment });
      // A page that may not be shown is one to wait for: the server will end the payment without it.
      if (payment.state === "requires_action" && payment.action && world.mayShow(payment.action.url)) {
        this.#screen.set({ phase: { name: "challenge", url: payment.action.url }, focus: "heading" });
        void this.#watchChallenge(payment);
        return;
      }
      if (polls === maxPolls) return this.#unclear(true);
      this.#screen.set({ phase: { name: "paying", words: "confirming" } });
      await world.sleep(pollWaitsMs[polls] ?? 5000);
      try {
        payment = await world.api.payment(payment.id);
      } catch (error) {
        if (isSessionLost(error)) return this.#ways.blocked(error);
      }
    }
  }

  /**
   * The bank's page says when it is done; an app on the payer's phone tells nobody here. Back from such an app the
   * provider is asked itself, otherwise what the server has heard.
   */
  async #watchChallenge(challenged: Payment): Promise<void> {
    const { world } = this.#screen;
    const isOpen = () =>
      this.#screen.state.waiting === challenged && this.#screen.state.phase.name === "challenge";
    for (let looks = 0; looks < maxChallengeLooks; looks++) {
      await world.sleep(challengeWaitMs(looks));
      const leftAtMs = world.now();
      await world.seen();
      if (!isOpen()) return;
      const isBack = world.now() - leftAtMs > awayMs;
      const ask = isBack ? world.api.resume : world.api.payment;
      const payment = await ask.call(world.api, challenged.id).catch(() => null);
      if (!isOpen()) return;
      // “Processing” of one who came back may only mean that another is asking.
      const isNews =
        payment && payment.state !== "requires_action" && !(isBack && payment.state === "processing");
      if (isNews) return this.follow(payment);
    }
  }

  /** Asks about a known payment; no answer leads to `unclear`, never to a refusal. */
  async lookAgain(ask: () => Promise<Payment>): Promise<void> {
    this.#screen.set({ phase: { name: "paying", words: "confirming" }, focus: "heading" });
    try {
      return this.follow(await this.#screen.patiently(ask, paying));
    } catch (error) {
      if (isSessionLost(error)) this.#ways.blocked(error);
      else this.#unclear(true, error);
    }
  }

  async find(id: string | null): Promise<Payment | null> {
    if (!id) return null;
    const { world } = this.#screen;
    return findPayment(() => this.#screen.patiently(() => world.api.payment(id)), world.sleep);
  }

  /** Only a refusal that stored nothing sets the payment free; while that is not certain the id stays. */
  async #refused(error: unknown, tries: number): Promise<void> {
    const id = this.#pending?.id ?? null;
    if (!(error instanceof ApiError) || error.transient) return this.#unclear(false, error);
    if (mayBeStored(error, tries) && !isSessionLost(error)) {
      const stored = await this.find(id).catch(() => undefined);
      if (stored === undefined) return this.#unclear(false);
      if (stored) {
        this.#known(stored);
        return this.follow(stored);
      }
    }
    if (isSessionLost(error)) return this.#ways.blocked(error);
    this.#forget(id);
    this.#screen.world.failed(error);
    const and = makesListStale(error) ? await this.#refreshed() : undefined;
    this.#screen.set({ quote: error.problem.quote ?? null });
    if (error.code === "amount_changed") return this.#ways.askAgain(and);
    const { requestId } = error.problem;
    this.#ways.choose({
      notice: { tone: "danger", key: `error.${error.code}`, requestId, and },
      focus: "notice",
    });
  }

  async #settle(payment: Payment): Promise<void> {
    this.#forget(payment.id);
    this.#screen.set({ waiting: null });
    this.#screen.world.settled(payment);
    if (payment.state === "captured")
      return this.#screen.set({ phase: { name: "receipt", payment }, focus: "heading" });
    const and = await this.#refreshed();
    const key =
      payment.state === "declined" ? (`decline.${payment.reason ?? "declined"}` as const) : "failed";
    this.#ways.choose({ notice: { tone: "danger", key, and }, focus: "notice" });
  }

  /** A list that cannot be read is no reason to say nothing of the payment. */
  #refreshed(): Promise<Notice | undefined> {
    return this.#ways.refresh().catch(() => undefined);
  }

  /** `known`: the server has the payment. `error`: why it cannot be asked about. */
  #unclear(known: boolean, error?: unknown): void {
    const code = (error as ApiError | undefined)?.code;
    this.#screen.set({ phase: { name: "unclear", known, code }, focus: "heading" });
  }

  /** The server has it: from now on it is asked about, not sent. */
  #known({ id }: Payment): void {
    this.#pending = null;
    this.#screen.unfinished.begin(id);
  }

  #forget(id: string | null): void {
    this.#pending = null;
    this.#screen.unfinished.settle(id);
  }
}
