import type { Invoice, Payment, Session } from "@clarity/bff/contract";
import { complain } from "../page/complaint.ts";
import { type ApiError, asFailure } from "./api.ts";
import type { CardToken } from "./card.ts";
import { Course } from "./course.ts";
import { ListKeeper } from "./list-keeper.ts";
import { changedChoice, changedPrice, tooSmall } from "./notices.ts";
import { inFull, leastMinor, type Price } from "./pricing.ts";
import { isSessionLost } from "./refusals.ts";
import { Screen } from "./screen.ts";
import { allToggled, kept, preset, toggled, touchedBy, translated } from "./selection.ts";
import { type Card, emptyCard, type Notice, type State, unknownList } from "./state.ts";
import { begunElsewhere } from "./unfinished.ts";
import type { World } from "./world.ts";

/**
 * The one place that decides what the payer meets next: arriving, choosing, leaving. What becomes of a payment once it
 * is sent stands in `course.ts`, how the list is kept true in `list-keeper.ts`; everything else computes, shows, or
 * carries messages.
 */
export class Flow {
  readonly #world: World;
  readonly #screen: Screen;
  readonly #list: ListKeeper;
  readonly #course: Course;

  /** `before`: where the same customer's element left off, when it comes back to the page. */
  constructor(world: World, before: State | null = null) {
    this.#world = world;
    this.#screen = new Screen(world);
    this.#list = new ListKeeper(this.#screen);
    this.#course = new Course(this.#screen, {
      refresh: () => this.#list.refresh(),
      choose: (more) => this.#choose(more),
      askAgain: (and) => this.#askAgain(and),
      blocked: (error) => this.#blocked(error),
    });
    if (before) this.#screen.readmit(before);
  }

  get state(): State {
    return this.#screen.state;
  }

  get price(): Price {
    return this.#screen.price;
  }

  get locale(): string {
    return this.#screen.locale;
  }

  /** Opens the session, or after that reads the list again, and picks up what this tab left unfinished. */
  async start(): Promise<void> {
    this.#set({ phase: { name: "loading" }, notice: null });
    try {
      const opened = this.state.session;
      const session = opened ?? (await this.#screen.patiently(() => this.#world.api.open()));
      if (!opened) {
        const admitted = this.#screen.admit(session);
        this.#set({ ...admitted, elsewhere: begunElsewhere(session, this.#screen.unfinished) });
      }
      const { unfinished } = this.#screen;
      const request = this.#course.pending ?? unfinished.request;
      if (request) return await this.#course.submit(request);
      // Only what was begun in this tab goes on by itself: another person's is theirs.
      const left = await this.#course.find(unfinished.id);
      if (left) return await this.#course.follow(left);
      if (opened) await this.#list.refresh();
      await this.#list.known();
      this.#choose({ chosen: preset(this.state, this.locale) });
    } catch (error) {
      this.#blocked(error);
    }
  }

  /** In another language: what was chosen and typed stays, written as that language writes it. */
  speak(session: Session): void {
    const [before, from] = [this.state, this.locale];
    const isNews = before.phase.name === "choosing" && session.invoicesFreshness?.state !== "loading";
    const spoken = isNews ? session : { ...session, invoices: [...before.invoices] };
    const { invoices } = spoken;
    const touched = touchedBy(before, { invoices, chosen: kept(before, invoices, from) }, from);
    const admitted = this.#screen.admit(spoken);
    const chosen = translated(before, spoken, { from, to: this.locale });
    const notice = changedChoice(touched, before, this.locale) ?? before.notice;
    this.#set({ ...admitted, ...(!isNews && { list: before.list }), chosen, notice });
    this.#list.watch();
  }

  toggle(invoice: Invoice): void {
    this.#changeChoice(toggled(this.state, invoice, this.locale));
  }

  toggleAll(currency: string): void {
    this.#changeChoice(allToggled(this.state, currency, this.locale));
  }

  clear(): void {
    this.#changeChoice(new Map());
  }

  setAmount(invoice: Invoice, text = inFull(invoice, this.state, this.locale)): void {
    this.#changeChoice(new Map(this.state.chosen).set(invoice.id, text));
  }

  cardChanged(change: Partial<Card>): void {
    const before = this.state.card;
    const card = { ...before, ...change };
    const other = card.brand !== before.brand || card.funding !== before.funding;
    this.#set({ card, ...(other && { quote: null }) });
  }

  /** Checks, asks the frame for a token, and sends. Leaving `choosing` at once makes spam clicks one payment. */
  async pay(): Promise<void> {
    if (this.state.phase.name !== "choosing") return;
    const price = this.price;
    const missing = this.#missing(price);
    if (missing) return this.#set({ checked: true, ...missing });
    this.#set({ phase: { name: "paying", words: "card" }, notice: null, checked: true });
    let card: CardToken;
    try {
      card = await this.#world.tokenize();
    } catch (error) {
      const { message } = error as Error;
      const invalid = /^(invalid|cancelled)$/.test(message);
      if (!invalid && message !== "unreachable") complain(error);
      const notice: Notice = { tone: "danger", key: "card.unreachable" };
      return this.#choose(invalid ? { focus: "card" } : { notice, focus: "notice" });
    }
    this.#set({ card: { ...this.state.card, brand: card.brand, funding: card.funding } });
    const { currency, lines, surchargeMinor, totalMinor } = this.price;
    if (totalMinor !== price.totalMinor) return this.#askAgain();
    await this.#course.submit({
      id: this.#world.newId(),
      currency: currency ?? "",
      lines,
      method: { type: "card", token: card.token },
      shown: { surchargeMinor: String(surchargeMinor), totalMinor: String(totalMinor) },
    });
  }

  /** The payer wants to go on with a payment under way, whoever began it: it is this tab's from now on. */
  async takeUp(payment: Payment): Promise<void> {
    const { phase, waiting, elsewhere } = this.state;
    if (phase.name !== "choosing") return;
    const others = [...elsewhere, ...(waiting ? [waiting] : [])].filter(({ id }) => id !== payment.id);
    this.#screen.unfinished.begin(payment.id);
    this.#set({ waiting: payment, elsewhere: others, notice: null });
    await this.#course.lookAgain(() => this.#world.api.payment(payment.id));
  }

  /** From `unclear`: the same payment, asked about again. */
  async checkAgain(): Promise<void> {
    const { waiting, phase } = this.state;
    if (phase.name !== "unclear") return;
    const { pending } = this.#course;
    if (pending) return this.#course.submit(pending);
    if (waiting) await this.#course.lookAgain(() => this.#world.api.payment(waiting.id));
  }

  /** The challenge page says it is done, or the payer does. */
  async challengeDone(): Promise<void> {
    const { waiting, phase } = this.state;
    if (waiting && phase.name === "challenge")
      await this.#course.lookAgain(() => this.#world.api.resume(waiting.id));
  }

  /** The session ends soon, or goes on after all. */
  ending(ending: State["ending"]): void {
    this.#set({ ending });
  }

  /** It has ended, and nobody said a word. What is under way is asked about all the same, and says so then. */
  ended(error: ApiError): void {
    if (this.state.phase.name === "choosing") this.#blocked(error);
  }

  /** Back to the list, read again; a payment left under way stays in reach. */
  async another(): Promise<void> {
    // The list there was does not know of the payment.
    const anew = { list: unknownList, chosen: new Map(), card: emptyCard, checked: false };
    this.#set({ phase: { name: "loading" }, ...anew, focus: "heading" });
    try {
      await this.#list.refresh();
      await this.#list.known();
      this.#choose({ chosen: preset(this.state, this.locale), focus: "heading" });
    } catch (error) {
      this.#blocked(error);
    }
  }

  #changeChoice(chosen: State["chosen"]): void {
    if (this.state.phase.name !== "choosing") return;
    const isFirst = this.state.chosen.size === 0;
    this.#set({ chosen, quote: null, notice: null });
    if (isFirst && chosen.size) this.#list.begun();
  }

  #missing(price: Price): Partial<State> | null {
    const { currency, invalid } = price;
    const [wrong] = invalid.keys();
    if (!currency) return { notice: { tone: "danger", key: "pay.choose" }, focus: "list" };
    if (wrong !== undefined) return { notice: null, focus: { amountOf: wrong } };
    const least = leastMinor(price, this.state);
    if (least !== null)
      return { notice: tooSmall(least, currency, this.state, this.locale), focus: "notice" };
    // Whether it is complete the frame knows for sure when it is asked: what was filled in unseen counts.
    return this.state.card.status === "ready" ? null : { notice: null, focus: "card" };
  }

  #choose(more: Partial<State>): void {
    this.#set({ phase: { name: "choosing" }, ...more });
    this.#list.watch();
  }

  #askAgain(and?: Notice): void {
    this.#choose({ notice: { ...changedPrice(this.price, this.state, this.locale), and }, focus: "notice" });
  }

  #blocked(error: unknown): void {
    const failure = asFailure(error);
    const { code, problem } = failure;
    const retry = !isSessionLost(failure) || failure.mayGoOn || /^(no_token|page_)/.test(code);
    const { requestId, seller = this.state.session?.seller.name } = problem;
    this.#set({ phase: { name: "blocked", code, requestId, retry, seller }, focus: "heading" });
    this.#world.failed(failure);
  }

  #set(change: Partial<State>): void {
    this.#screen.set(change);
  }
}
