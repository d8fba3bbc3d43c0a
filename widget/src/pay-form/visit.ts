import type { Payment, Session } from "@clarity/bff/contract";
import type { CardMessages, FrameLooks, FrameWords, Purchase } from "../frame-protocol/protocol.ts";
import { framedOrigin } from "../page/addresses.ts";
import { Api, ApiError, type Grant, type TokenSource } from "./api.ts";
import { CardField } from "./card.ts";
import { type Challenge, openChallenge } from "./challenge.ts";
import { edgeClock } from "./clock.ts";
import { Flow } from "./flow.ts";
import { frameTheme } from "./frame-theme.ts";
import { Keeper } from "./keeper.ts";
import { inSight, sleeper } from "./patience.ts";
import { isPayable } from "./selection.ts";
import type { State } from "./state.ts";
import { unfinishedOf } from "./unfinished.ts";
import { makeWords, regional, spokenFirst, type Words, wordsBefore } from "./words.ts";

const cardWords = [
  "group",
  "number",
  "expiry",
  "cvc",
  "cvcHint",
  "invalidNumber",
  "invalidExpiry",
  "expiredCard",
  "invalidCvc",
] as const satisfies (keyof CardMessages)[];
type CardWord = (typeof cardWords)[number];

export interface VisitOptions {
  element: HTMLElement;
  /** Origin of the payment edge. */
  base: string;
  /** Address of our own script there. */
  script: string;
  /** Wanted languages as of now, best first. */
  wanted: () => readonly string[];
  /** Asked with the visit's end as signal. */
  token: (signal: AbortSignal) => ReturnType<TokenSource>;
  /** See `earlyFrameUrl`. */
  frameUrl: Promise<string>;
  /** There is one token and no more. */
  isFixed: () => boolean;
  /** The window that the element stands in now. */
  view: () => Window;
  /** Whether the page is dark where the element stands. */
  isDark: () => boolean;
  changed: (before: State) => void;
  settled: (payment: Payment) => void;
  failed: (error: ApiError) => void;
  /** The session turned out to be another customer's. */
  changedHands: () => void;
}

/** Of the payments this page has told the outcome of: each is told once, by whichever element hears it first. */
const told = new Set<string>();

/**
 * All that lives while one customer's session is on the page: the flow and the two frames it needs. Nothing of it
 * outlives its end but what `previous` hands on, the session of an element that was away for a while.
 */
export class Visit {
  readonly flow: Flow;
  words: Words;
  card: CardField | null = null;
  challenge: Challenge | null = null;
  readonly #api: Api;
  readonly #keeper: Keeper;
  readonly #options: VisitOptions;
  readonly #ended = new AbortController();
  /** Languages that the words were asked for in. */
  #asked: string;

  constructor(options: VisitOptions, previous: Visit | null) {
    const { signal } = this.#ended;
    this.#options = options;
    const { base, script, wanted, token, isFixed, changedHands } = options;
    this.#api = new Api(
      { base, script, locales: () => this.#ask(), token: () => token(signal), isFixed, signal, changedHands },
      previous?.flow.state.session ? previous.grant : undefined,
    );
    this.#keeper = new Keeper({
      clock: edgeClock,
      grant: () => this.#api.grant,
      renew: (anew) => this.#api.renew(anew),
      mayOpen: () => !isFixed(),
      told: (ending) => this.flow.ending(ending),
      ended: () => this.flow.ended(Object.assign(new ApiError("session_ended"), { mayGoOn: !isFixed() })),
      signal,
    });
    this.#asked = String(wanted());
    this.words = wordsBefore(wanted());
    this.flow = new Flow(
      {
        api: this.#api,
        tokenize: () => this.card?.tokenize() ?? Promise.reject(new Error("unreachable")),
        unfinished: (customerId) => unfinishedOf(base, customerId),
        mayShow: (url) => framedOrigin(url, base) !== null,
        sleep: sleeper(signal),
        seen: () => inSight(options.view().document, signal),
        now: () => edgeClock.now(),
        random: () => Math.random(),
        newId: () => crypto.randomUUID(),
        localeFor: (session) => this.#speak(session),
        changed: (before) => this.#changed(before),
        settled: (payment) => {
          if (signal.aborted || told.has(payment.id)) return;
          told.add(payment.id);
          options.settled(payment);
        },
        failed: (error) => signal.aborted || options.failed(error),
      },
      previous?.flow.state,
    );
    void options.frameUrl.then((url) => {
      const { phase, session } = this.flow.state;
      if (!session && phase.name === "loading" && !signal.aborted) this.#loadCard(url);
    });
  }

  /** Of its open session, if there is one. */
  get grant(): Grant | undefined {
    return this.#api.grant;
  }

  end(): void {
    this.#ended.abort();
    this.card?.dispose();
    this.challenge?.dispose();
  }

  /** The payer has touched something. */
  used(): void {
    this.#keeper.used();
  }

  /** What was asked ahead of the session's end: they are still there. */
  goOn(): void {
    void this.#keeper.goOn();
  }

  /** The element stands somewhere else in the page, or in another: frames that move are loaded anew. */
  moved(): void {
    this.card?.start();
    if (this.challenge) this.#openChallenge(this.challenge.url);
    this.#options.changed(this.flow.state);
  }

  /** After anything that changes colours: the frame wears what the form wears. */
  sendTheme(): void {
    const { session } = this.flow.state;
    if (session) this.card?.send({ type: "theme", ...this.#frameTheme(session) });
  }

  /** After the wanted language has changed. Where the words of another cannot be had any more, those there are stay. */
  async speak(): Promise<void> {
    const wanted = this.#options.wanted();
    const { session } = this.flow.state;
    if (!session) {
      this.words = wordsBefore(wanted);
      return this.#options.changed(this.flow.state);
    }
    if (String(wanted) === this.#asked) return;
    this.#asked = String(wanted);
    const known =
      spokenFirst(wanted) === session.locale ? session : await this.#api.reopen().catch(() => null);
    if (!known || this.#ended.signal.aborted) return;
    this.flow.speak(known);
    if (this.card) this.card.title = this.words.text("card.group");
    this.card?.send({ type: "words", ...this.#cardWords() });
  }

  #changed(before: State): void {
    const { phase, session } = this.flow.state;
    if (this.#ended.signal.aborted) return;
    if (phase.name === "choosing" && session && !this.card?.isConfirmed) this.#openCard(session);
    // What is loading from the start may have its frame already, ahead of the session.
    if (/^(receipt|blocked|loading)$/.test(phase.name) && phase.name !== before.phase.name) this.#closeCard();
    const { chosen, card, quote } = this.flow.state;
    if (chosen !== before.chosen || card !== before.card || quote !== before.quote)
      this.card?.send({ type: "purchase", purchase: this.#purchase() });
    if (phase.name !== "challenge") {
      this.challenge?.dispose();
      this.challenge = null;
    } else if (this.challenge?.url !== phase.url) {
      this.#openChallenge(phase.url);
    }
    this.card?.send({ type: "lock", locked: phase.name !== "choosing" });
    this.#options.changed(before);
  }

  #openChallenge(url: string): void {
    this.challenge?.dispose();
    this.challenge = openChallenge({
      url,
      title: this.words.text("challenge.title"),
      view: this.#options.view(),
      onDone: () => this.flow.challengeDone(),
    });
  }

  #openCard(session: Session): void {
    const isNeeded = this.flow.state.invoices.some(isPayable);
    const frameUrl = session.methods[0]?.frameUrl ?? "";
    if (!isNeeded || this.card?.frameUrl !== frameUrl) this.#closeCard();
    if (!isNeeded) return;
    if (!this.card) this.#loadCard(frameUrl);
    if (this.card) {
      this.card.title = this.words.text("card.group");
      this.card.confirm();
    } else if (this.flow.state.card.status !== "failed") {
      // Without a provider there is nothing to wait for, and an address that may not be framed is none.
      this.flow.cardChanged({ status: "failed" });
    }
  }

  #closeCard(): void {
    this.card?.dispose();
    this.card = null;
  }

  #loadCard(frameUrl: string): void {
    const { base, view } = this.#options;
    const origin = framedOrigin(frameUrl, base);
    if (!origin) return;
    this.card = new CardField({
      frameUrl,
      origin,
      view,
      changed: (card) => {
        this.used();
        this.flow.cardChanged(card);
      },
      submitted: () => this.flow.pay(),
      connect: () => ({
        type: "card-connect",
        ...this.#frameTheme(this.flow.state.session as Session),
        ...this.#cardWords(),
        purchase: this.#purchase(),
        nowMs: edgeClock.now(),
      }),
    });
    this.card.start();
  }

  #frameTheme(session: Session): FrameLooks {
    const { element, isDark } = this.#options;
    return frameTheme(element, session, isDark());
  }

  #purchase(): Purchase | null {
    const { currency, invalid, totalMinor } = this.flow.price;
    return currency && !invalid.size ? { currency, totalMinor: String(totalMinor) } : null;
  }

  #cardWords(): FrameWords {
    const { text, locale, dir } = this.words;
    const messages = Object.fromEntries(cardWords.map((name) => [name, text(`card.${name}`)]));
    return { locale, dir, messages: messages as Record<CardWord, string> };
  }

  #ask(): readonly string[] {
    const wanted = this.#options.wanted();
    this.#asked = String(wanted);
    return wanted;
  }

  #speak(session: Session): string {
    const wanted = this.#options.wanted();
    const locale = regional(session.locale, wanted);
    const exponentOf = (currency: string) => session.currencies[currency] ?? 2;
    this.words = makeWords({ locale, messages: session.messages, exponentOf });
    // They changed their mind while the session was opened.
    if (String(wanted) !== this.#asked) void this.speak();
    return locale;
  }
}
