import type { Invoice, Payment, PaymentRequest, Session } from "@clarity/bff/contract";
import { ApiError } from "./api.ts";
import type { CardToken } from "./card.ts";
import { findPayment } from "./find-payment.ts";
import { changedPrice } from "./notices.ts";
import { patiently, paying, reading } from "./patience.ts";
import { inFull, type Price, priceOf } from "./pricing.ts";
import { isSessionLost, makesListStale, mayBeStored } from "./refusals.ts";
import { allToggled, kept, preset, toggled, translated } from "./selection.ts";
import { type Card, emptyCard, initialState, type Notice, type State } from "./state.ts";
import type { Unfinished } from "./unfinished.ts";
import type { World } from "./world.ts";

/** Pauses between looks at a payment under way, ms; the last repeats. 24 looks are about two minutes. */
const pollWaitsMs = [1000, 1500, 2200, 3300, 5000];
const maxPolls = 24;

/** The one place that decides what happens next. Everything else computes, shows, or carries messages. */
export class Flow {
  readonly #world: World;
  #state: State = initialState;
  /** Sent and not yet answered for good: every retry sends this very body. */
  #pending: PaymentRequest | null = null;
  locale = "en";

  /** `session`: one that is already open, when the element comes back to the page. */
  constructor(world: World, session: Session | null = null) {
    this.#world = world;
    if (session) this.#admit(session);
  }

  get state(): State {
    return this.#state;
  }

  get price(): Price {
    return priceOf(this.#state, this.locale);
  }

  /** Opens the session, or after that reads the list again, and picks up an unfinished payment. */
  async start(): Promise<void> {
    this.#set({ phase: { name: "loading" }, notice: null });
    try {
      const opened = this.#state.session;
      const session = opened ?? (await this.#patiently(() => this.#world.api.open()));
      if (opened) await this.#refresh();
      else this.#set(this.#admit(session));
      this.#pending ??= this.#unfinished.request;
      if (this.#pending) return await this.#submit(this.#pending);
      // What was left when the session was opened is old news by now.
      const left = (opened ? null : session.unfinishedPayment) ?? (await this.#find(this.#unfinished.id));
      if (!left) return this.#choose({});
      this.#unfinished.begin(left.id);
      await this.#follow(left);
    } catch (error) {
      this.#blocked(error);
    }
  }

  /** In another language: what was chosen and typed stays, written as that language writes it. */
  speak(session: Session): void {
    const [before, from] = [this.#state, this.locale];
    const admitted = this.#admit(session);
    const chosen = translated(before, session, { from, to: this.locale });
    this.#set({ ...admitted, chosen });
  }

  toggle(invoice: Invoice): void {
    this.#changeChoice(toggled(this.#state, invoice, this.locale));
  }

  toggleAll(currency: string): void {
    this.#changeChoice(allToggled(this.#state, currency, this.locale));
  }

  setAmount(invoice: Invoice, text = inFull(invoice, this.#state, this.locale)): void {
    this.#changeChoice(new Map(this.#state.chosen).set(invoice.id, text));
  }

  cardChanged(change: Partial<Card>): void {
    const before = this.#state.card;
    const card = { ...before, ...change };
    const other = card.brand !== before.brand || card.funding !== before.funding;
    this.#set({ card, ...(other && { quote: null }) });
  }

  /** Checks, asks the frame for a token, and sends. Leaving `choosing` at once makes spam clicks one payment. */
  async pay(): Promise<void> {
    if (this.#state.phase.name !== "choosing") return;
    const price = this.price;
    const missing = this.#missing(price);
    if (missing) return this.#set({ checked: true, ...missing });
    this.#set({ phase: { name: "paying", words: "card" }, notice: null, checked: true });
    let card: CardToken;
    try {
      card = await this.#world.tokenize();
    } catch (error) {
      const invalid = /^(invalid|cancelled)$/.test((error as Error).message);
      const notice: Notice = { tone: "danger", key: "card.unreachable" };
      return this.#choose(invalid ? { focus: "card" } : { notice, focus: "notice" });
    }
    this.#set({ card: { ...this.#state.card, brand: card.brand, funding: card.funding } });
    const { currency, lines, surchargeMinor, totalMinor } = this.price;
    if (totalMinor !== price.totalMinor) return this.#askAgain();
    await this.#submit({
      id: this.#world.newId(),
      currency: currency ?? "",
      lines,
      method: { type: "card", token: card.token },
      shown: { surchargeMinor: String(surchargeMinor), totalMinor: String(totalMinor) },
    });
  }

  /** From `unclear`: the same payment, asked about again. */
  async checkAgain(): Promise<void> {
    const { waiting, phase } = this.#state;
    if (phase.name !== "unclear" && phase.name !== "choosing") return;
    if (this.#pending) return this.#submit(this.#pending);
    if (waiting) await this.#lookAgain(() => this.#world.api.payment(waiting.id));
  }

  /** The challenge page says it is done, or the payer does. */
  async challengeDone(): Promise<void> {
    const { waiting, phase } = this.#state;
    if (waiting && phase.name === "challenge")
      await this.#lookAgain(() => this.#world.api.resume(waiting.id));
  }

  /** Back to the list, read again; a payment left under way stays in reach. */
  async another(): Promise<void> {
    this.#set({ phase: { name: "loading" }, chosen: new Map(), card: emptyCard, checked: false });
    try {
      await this.#refresh();
      this.#choose({ focus: "heading" });
    } catch (error) {
      this.#blocked(error);
    }
  }

  #admit(session: Session): Partial<State> {
    this.locale = this.#world.localeFor(session);
    const seen = { session, invoices: session.invoices };
    this.#state = { ...this.#state, ...seen };
    return seen;
  }

  get #unfinished(): Unfinished {
    return this.#world.unfinished(this.#state.session?.customer.id ?? "");
  }

  #changeChoice(chosen: State["chosen"]): void {
    if (this.#state.phase.name === "choosing") this.#set({ chosen, quote: null, notice: null });
  }

  #missing({ currency, invalid }: Price): Partial<State> | null {
    const [wrong] = invalid.keys();
    if (!currency) return { notice: { tone: "danger", key: "pay.choose" }, focus: "list" };
    if (wrong !== undefined) return { notice: null, focus: { amountOf: wrong } };
    // Whether it is complete the frame knows for sure when it is asked: what was filled in unseen counts.
    return this.#state.card.status === "ready" ? null : { notice: null, focus: "card" };
  }

  async #submit(request: PaymentRequest): Promise<void> {
    this.#pending = request;
    this.#unfinished.begin(request);
    this.#set({ phase: { name: "paying", words: "sending" } });
    let tries = 0;
    try {
      const payment = await this.#patiently(() => {
        tries++;
        return this.#world.api.pay(request);
      }, paying);
      this.#known(payment);
      return this.#follow(payment);
    } catch (error) {
      return this.#refused(error, tries);
    }
  }

  /** Only a refusal that stored nothing sets the payment free; while that is not certain the id stays. */
  async #refused(error: unknown, tries: number): Promise<void> {
    const id = this.#pending?.id ?? null;
    if (!(error instanceof ApiError) || error.transient) return this.#unclear(false, error);
    if (mayBeStored(error, tries) && !isSessionLost(error)) {
      const stored = await this.#find(id).catch(() => undefined);
      if (stored === undefined) return this.#unclear(false);
      if (stored) {
        this.#known(stored);
        return this.#follow(stored);
      }
    }
    if (isSessionLost(error)) return this.#blocked(error);
    this.#forget(id);
    this.#world.failed(error);
    if (makesListStale(error)) await this.#refresh().catch(() => {});
    this.#set({ quote: error.problem.quote ?? null });
    if (error.code === "amount_changed") return this.#askAgain();
    const key = `error.${error.code}` as const;
    this.#choose({ notice: { tone: "danger", key, requestId: error.problem.requestId }, focus: "notice" });
  }

  /**
   * Follows a payment the server knows until it is settled, or needs the payer, or takes too long.
   * Never throws: whatever goes wrong while asking says nothing about the payment.
   */
  async #follow(first: Payment): Promise<void> {
    let payment = first;
    for (let polls = 0; ; polls++) {
      if (payment.state === "captured" || payment.state === "declined" || payment.state === "failed") {
        return this.#settle(payment);
      }
      this.#set({ waiting: payment });
      // A page that may not be shown is one to wait for: the server will end the payment without it.
      if (payment.state === "requires_action" && payment.action && this.#world.mayShow(payment.action.url)) {
        return this.#set({ phase: { name: "challenge", url: payment.action.url }, focus: "heading" });
      }
      if (polls === maxPolls) return this.#unclear(true);
      this.#set({ phase: { name: "paying", words: "confirming" } });
      await this.#world.sleep(pollWaitsMs[polls] ?? 5000);
      try {
        payment = await this.#world.api.payment(payment.id);
      } catch (error) {
        if (isSessionLost(error)) return this.#blocked(error);
      }
    }
  }

  async #settle(payment: Payment): Promise<void> {
    this.#forget(payment.id);
    this.#set({ waiting: null });
    this.#world.settled(payment);
    if (payment.state === "captured")
      return this.#set({ phase: { name: "receipt", payment }, focus: "heading" });
    await this.#refresh().catch(() => {});
    const key =
      payment.state === "declined" ? (`decline.${payment.reason ?? "declined"}` as const) : "failed";
    this.#choose({ notice: { tone: "danger", key }, focus: "notice" });
  }

  /** Asks about a known payment; no answer leads to `unclear`, never to a refusal. */
  async #lookAgain(ask: () => Promise<Payment>): Promise<void> {
    this.#set({ phase: { name: "paying", words: "confirming" } });
    try {
      return this.#follow(await this.#patiently(ask, paying));
    } catch (error) {
      if (isSessionLost(error)) this.#blocked(error);
      else this.#unclear(true, error);
    }
  }

  async #find(id: string | null): Promise<Payment | null> {
    if (!id) return null;
    return findPayment(() => this.#patiently(() => this.#world.api.payment(id)), this.#world.sleep);
  }

  async #refresh(): Promise<void> {
    const { invoices } = await this.#patiently(() => this.#world.api.invoices());
    this.#set({ chosen: kept(this.#state, invoices, this.locale), invoices });
  }

  #choose(more: Partial<State>): void {
    this.#set({ phase: { name: "choosing" }, chosen: preset(this.#state, this.locale), ...more });
  }

  #askAgain(): void {
    this.#choose({ notice: changedPrice(this.price, this.#state, this.locale), focus: "notice" });
  }

  #blocked(error: unknown): void {
    const failure = error instanceof ApiError ? error : new ApiError("network");
    const { code, problem } = failure;
    const retry = !isSessionLost(failure) || code === "no_token";
    this.#set({ phase: { name: "blocked", code, requestId: problem.requestId, retry }, focus: "heading" });
    this.#world.failed(failure);
  }

  /** `known`: the server has the payment. `error`: why it cannot be asked about. */
  #unclear(known: boolean, error?: unknown): void {
    const code = (error as ApiError | undefined)?.code;
    this.#set({ phase: { name: "unclear", known, code }, focus: "heading" });
  }

  /** The server has it: from now on it is asked about, not sent. */
  #known({ id }: Payment): void {
    this.#pending = null;
    this.#unfinished.begin(id);
  }

  #forget(id: string | null): void {
    this.#pending = null;
    this.#unfinished.settle(id);
  }

  #patiently<T>(call: () => Promise<T>, kind = reading): Promise<T> {
    const onWait = () => {
      if (this.#state.phase.name === "paying") this.#set({ phase: { name: "paying", words: "retrying" } });
    };
    return patiently(call, { ...kind, sleep: this.#world.sleep, onWait });
  }

  #set(change: Partial<State>): void {
    const before = this.#state;
    this.#state = { ...before, focus: null, ...change };
    this.#world.changed(before);
  }
}
