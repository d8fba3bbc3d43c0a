import type { Payment, Session } from "@clarity/bff/contract";
import type { CardMessages } from "../card-frame/protocol.ts";
import { Api, type ApiError, type TokenSource } from "./api.ts";
import { CardField } from "./card.ts";
import { type Challenge, openChallenge } from "./challenge.ts";
import { Flow } from "./flow.ts";
import { frameTheme } from "./frame-theme.ts";
import { sleeper } from "./patience.ts";
import { isPayable } from "./selection.ts";
import type { State } from "./state.ts";
import { makeUnfinished } from "./unfinished.ts";
import { makeWords, regional, type Words, wordsBefore } from "./words.ts";

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
  /** Wanted languages, best first. */
  wanted: readonly string[];
  token: TokenSource;
  changed: (before: State) => void;
  settled: (payment: Payment) => void;
  failed: (error: ApiError) => void;
}

/**
 * All that lives from the element's arrival on the page to its farewell: the flow and the two
 * frames it needs. `previous` hands its session on when the element was away for a while.
 */
export class Visit {
  readonly flow: Flow;
  words: Words;
  card: CardField | null = null;
  challenge: Challenge | null = null;
  readonly #api: Api;
  readonly #options: VisitOptions;
  readonly #ended = new AbortController();

  constructor(options: VisitOptions, previous: Visit | null) {
    const { signal } = this.#ended;
    this.#options = options;
    this.#api = previous
      ? previous.#api
      : new Api({ base: options.base, locales: options.wanted, token: options.token });
    this.#api.signal = signal;
    this.words = wordsBefore(options.wanted);
    this.flow = new Flow(
      {
        api: this.#api,
        tokenize: () => this.card?.tokenize() ?? Promise.reject(new Error("unreachable")),
        unfinished: makeUnfinished(),
        sleep: sleeper(signal),
        newId: () => crypto.randomUUID(),
        localeFor: (session) => this.#speak(session),
        changed: (before) => this.#changed(before),
        settled: options.settled,
        failed: options.failed,
      },
      previous?.flow.state.session,
    );
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.sendTheme(), { signal });
  }

  end(): void {
    this.#ended.abort();
    this.card?.dispose();
    this.challenge?.dispose();
  }

  /** After anything that changes colours: the frame wears what the form wears. */
  sendTheme(): void {
    const { session } = this.flow.state;
    if (session) this.card?.send({ type: "theme", ...frameTheme(this.#options.element, session) });
  }

  #changed(before: State): void {
    const { phase, session } = this.flow.state;
    if (this.#ended.signal.aborted) return;
    if (phase.name === "choosing" && session && !this.card) this.#openCard(session);
    if (/^(receipt|blocked|loading)$/.test(phase.name)) {
      this.card?.dispose();
      this.card = null;
    }
    if (phase.name !== "challenge") {
      this.challenge?.dispose();
      this.challenge = null;
    } else if (this.challenge?.url !== phase.url) {
      this.challenge = openChallenge(phase.url, this.words.text("challenge.title"), () =>
        this.flow.challengeDone(),
      );
    }
    this.card?.send({ type: "lock", locked: phase.name !== "choosing" });
    this.#options.changed(before);
  }

  #openCard(session: Session): void {
    const method = session.methods[0];
    if (!method || !this.flow.state.invoices.some(isPayable)) return;
    const { text, locale, dir } = this.words;
    this.card = new CardField({
      frameUrl: method.frameUrl,
      title: text("card.group"),
      changed: (card) => this.flow.cardChanged(card),
      submitted: () => this.flow.pay(),
      connect: () => ({
        type: "card-connect",
        ...frameTheme(this.#options.element, session),
        locale,
        dir,
        labels: session.theme.layout.labels,
        fields: session.theme.layout.fields,
        messages: Object.fromEntries(cardWords.map((name) => [name, text(`card.${name}`)])) as Record<
          CardWord,
          string
        >,
      }),
    });
    this.card.start();
  }

  #speak(session: Session): string {
    const locale = regional(session.locale, this.#options.wanted);
    const exponentOf = (currency: string) => session.currencies[currency] ?? 2;
    this.words = makeWords({ locale, messages: session.messages, exponentOf });
    return locale;
  }
}
