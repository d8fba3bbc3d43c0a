import type { Payment, Session } from "@clarity/bff/contract";
import { html, nothing, render } from "lit/html.js";
import { preSession } from "../locales/pre-session.ts";
import { explain, watchPolicy } from "../page/causes.ts";
import { complain } from "../page/complaint.ts";
import { ownScript } from "../page/own-script.ts";
import { mayDraw } from "../page/trusted-html.ts";
import { isTypedInto, keepTyping } from "../page/typing.ts";
import type { ApiError, TokenSource } from "./api.ts";
import { earlyFrameUrl } from "./early-frame.ts";
import { PayChangeEvent, PayErrorEvent, PayReadyEvent, PayResizeEvent, PaySuccessEvent } from "./events.ts";
import { type Held, heldIn, nameOf, placeFocus } from "./focus.ts";
import { printAlone } from "./print.ts";
import { isSessionLost } from "./refusals.ts";
import type { Focus, State } from "./state.ts";
import css from "./styles/all.css?inline";
import { Surroundings, viewOf } from "./surroundings.ts";
import { TokenDesk } from "./token-desk.ts";
import { sameHolder } from "./tokens.ts";
import { announcement } from "./views/announcement.ts";
import { endingView } from "./views/ending.ts";
import { phaseView } from "./views/phase.ts";
import { newUi, type View } from "./views/view.ts";
import { Visit } from "./visit.ts";
import { wantedLocales, wordsBefore } from "./words.ts";

/** Where this script came from is where the API is. Read now: it is gone after the first run. */
const own = ownScript("pay-form.js");
const edge = own?.edge;
const frameUrl = own ? earlyFrameUrl(own) : Promise.resolve("");
if (edge) watchPolicy(edge);
/** A page that hands the token over later has this long before the form says that none came. */
const tokenWaitMs = 15_000;

/**
 * A customer's open invoices, and the means to pay them.
 *
 * @tag pay-form
 * @attr {string} token - Embed token, good for one session. Another customer's begins anew; when that session ends, another token or a reload goes on.
 * @attr {string} token-url - Address on the host's origin that answers `POST` with `{"token": "…"}`; asked at the start and at every renewal.
 * @attr {string} locale - Wanted language, a BCP 47 tag; otherwise the page's, then the browser's.
 * @attr {"auto" | "light" | "dark"} theme-mode - `auto` (default) follows the page's `color-scheme`, where the element stands.
 *
 * @fires pay-ready {PayReadyEvent} - The form can be used. `detail.invoices`: how many are open.
 * @fires pay-change {PayChangeEvent} - The choice or its price changed. Amounts in minor units, as digits.
 * @fires pay-success {PaySuccessEvent} - The payment was captured.
 * @fires pay-error {PayErrorEvent} - A refusal, a decline, or a lost session, with its code.
 * @fires pay-resize {PayResizeEvent} - The height changed, CSS px.
 *
 * @csspart form - The form: list, card, total.
 * @csspart header - Title and parties.
 * @csspart title - The title.
 * @csspart notice - A message above the form.
 * @csspart list - All invoices.
 * @csspart group - The invoices of one currency.
 * @csspart row - One invoice.
 * @csspart checkbox - Chooses an invoice.
 * @csspart field - The search field of a long list.
 * @csspart amount-field - The amount of a chosen invoice.
 * @csspart card - The card section.
 * @csspart bar - On narrow screens: what is chosen so far, and the way to the card.
 * @csspart summary - Sums and the button.
 * @csspart surcharge - The surcharge line, before and after paying.
 * @csspart total - The total line, before and after paying.
 * @csspart button - Every button.
 * @csspart button-primary - The main button of a view.
 * @csspart panel - A view with one message.
 * @csspart skeleton - Grey shapes while loading.
 * @csspart challenge - The bank's confirmation.
 * @csspart receipt - The receipt.
 */
export class PayForm extends HTMLElement {
  static readonly observedAttributes = ["token", "token-url", "locale", "theme-mode"];

  #visit: Visit | null = null;
  #present = false;
  /** The page has said anew where its tokens come from; whose they are is still to be seen. */
  #asked = false;
  #focus: Focus | null = null;
  #heightPx = 0;
  #worn: Session | null = null;
  #timer = 0;
  #drawing = false;
  #held: Held | null = null;
  #ui = newUi(() => this.#draw());
  readonly #tokens = new TokenDesk(this);
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #surroundings = new Surroundings({
    element: this,
    root: this.#root,
    css,
    resized: () => this.#measure(),
    turned: () => this.#visit?.sendTheme(),
    // The payer may be another by now, and what was shown is old.
    shownAgain: () => this.#begin(this.#tokens.isFixed ? this.#visit : null),
  });

  constructor() {
    super();
    keepTyping(this.#root);
    // Whoever is at it stays in their session.
    for (const touched of ["pointerdown", "keydown", "input"])
      this.#root.addEventListener(touched, () => this.#visit?.used());
    // Set before this script was there, it stands on the element itself and hides ours.
    const { tokenSource } = this;
    if (Reflect.deleteProperty(this, "tokenSource")) this.tokenSource = tokenSource;
  }

  /** For pages that get their tokens some other way: called for the first and for each renewal. */
  get tokenSource(): TokenSource | null {
    return this.#tokens.source;
  }

  set tokenSource(source: TokenSource | null | undefined) {
    const given = typeof source === "function" ? source : null;
    if (given === this.#tokens.source) return;
    this.#tokens.source = given;
    this.#sourceChanged();
  }

  /** For a page's shortcuts, which spare what is being edited. */
  override get isContentEditable(): boolean {
    return isTypedInto(this.#root) || super.isContentEditable;
  }

  connectedCallback(): void {
    const view = viewOf(this);
    // In a document that nobody sees there is nothing to do.
    if (!view) return;
    if (!edge || !mayDraw) {
      this.#giveUp();
      return;
    }
    try {
      this.#surroundings.enter(view);
      if (this.#present) this.#visit?.moved();
      else this.#begin(this.#tokens.isFixed && !this.#asked ? this.#visit : null);
    } catch (error) {
      this.#broken(error);
    }
  }

  disconnectedCallback(): void {
    // A move within the page disconnects and connects in one go; only a true farewell ends it all.
    queueMicrotask(() => {
      if (this.isConnected && viewOf(this)) return;
      this.#present = false;
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.#surroundings.leave();
      this.#visit?.end();
    });
  }

  /** `moveBefore()` keeps frames and all that was typed in them. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === "theme-mode") this.#visit?.sendTheme();
    else if (name === "locale") void this.#visit?.speak();
    else this.#sourceChanged();
  }

  get #before() {
    return { renderBefore: this.#surroundings.probe };
  }

  /** By something that the page has done. A payment under way goes on, unseen, and is still told of. */
  #broken(error: unknown): void {
    complain(error);
    this.#visit = null;
    this.#giveUp();
  }

  /** Words, where there is no drawing of anything or nobody to ask. */
  #giveUp(): void {
    const words = document.createElement("p");
    words.role = "alert";
    try {
      words.textContent = wordsBefore(this.#wanted()).text("error.unavailable");
    } catch {
      words.textContent = preSession.en["error.unavailable"];
    }
    this.#root.replaceChildren(words);
    this.dispatchEvent(new PayErrorEvent({ code: "unavailable", paymentId: null, requestId: null }));
  }

  /** A new visit. `previous`: the same customer's, whose session goes on. */
  #begin(previous: Visit | null): void {
    this.#visit?.end();
    this.#present = true;
    this.#asked = false;
    this.#ui = newUi(() => this.#draw());
    this.#focus = null;
    // Nothing of the former visit stays in the page, not even what was typed into its fields.
    this.#held ??= heldIn(this.#root);
    render(nothing, this.#root, this.#before);
    this.#visit = new Visit(this.#options(), previous);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#arrive(), tokenWaitMs);
    if (this.#tokens.isOpen) this.#arrive();
    this.#draw();
  }

  /** Both attributes of a change, and what a framework sets one by one, are one change. */
  #sourceChanged(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => this.#present && this.#asked && void this.#reconsider());
  }

  /** The same customer's next token leaves everything as it is; any other begins anew. */
  async #reconsider(): Promise<void> {
    this.#asked = false;
    const visit = this.#visit;
    const held = visit?.grant?.embedToken;
    if (this.#timer && this.#tokens.isOpen) return this.#arrive();
    if (!held || !this.#tokens.isOpen) return this.#begin(null);
    const given = await this.#tokens.next(AbortSignal.timeout(tokenWaitMs)).catch(() => "");
    if (visit !== this.#visit || !this.#present || this.#asked) return;
    if (!sameHolder(given, held)) this.#begin(null);
    else if (visit.flow.state.phase.name === "blocked") await visit.flow.start();
  }

  /** One paint for all changes of a task. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const view = this.#view();
      if (!view) return;
      try {
        this.#render(view);
      } catch (error) {
        this.#broken(error);
      }
    });
  }

  #render(view: View): void {
    const { locale, dir } = view.words;
    const status = html`<div class="hidden" role="status">${announcement(view)}</div>`;
    const views = html`${status}${endingView(view)}${phaseView(view)}`;
    const all = html`<div class="root" lang=${locale} dir=${dir}>${views}</div>`;
    const held = heldIn(this.#root) ?? this.#held;
    render(all, this.#root, this.#before);
    this.#moveFocus(held);
  }

  #moveFocus(held: Held | null): void {
    const wanted = this.#focus ? nameOf(this.#focus) : this.#ui.goTo;
    this.#focus = null;
    this.#ui.goTo = null;
    this.#held = null;
    // Where the frame could not load, “card” is the button that tries again.
    const frame = wanted === "card" && !this.#root.querySelector("[data-focus=card]");
    if (frame && this.#visit?.card) this.#visit.card.focus();
    else placeFocus(this.#root, wanted, held);
  }

  /** Starts the visit; without any token the flow says that none came. */
  #arrive(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    void this.#visit?.flow.start();
  }

  #options() {
    return {
      element: this,
      base: edge ?? "",
      frameUrl,
      script: own?.src ?? "",
      wanted: () => this.#wanted(),
      token: (signal: AbortSignal) => this.#tokens.next(signal),
      isFixed: () => this.#tokens.isFixed,
      view: () => this.#surroundings.view,
      isDark: () => this.#surroundings.isDark,
      changed: (before: State) => this.#changed(before),
      settled: (payment: Payment) => {
        const { id, reason } = payment;
        if (payment.state === "captured") this.dispatchEvent(new PaySuccessEvent(payment));
        else
          this.dispatchEvent(new PayErrorEvent({ code: reason ?? "failed", paymentId: id, requestId: null }));
      },
      failed: (error: ApiError) => {
        const { code, problem } = error;
        if (!this.#visit?.flow.state.session || isSessionLost(error)) explain(error, edge ?? "");
        this.dispatchEvent(
          new PayErrorEvent({ code, paymentId: null, requestId: problem.requestId ?? null }),
        );
      },
      changedHands: () => this.#begin(null),
    };
  }

  #wanted(): string[] {
    return wantedLocales(this.getAttribute("locale"));
  }

  #changed(before: State): void {
    const visit = this.#visit;
    if (!visit) return;
    const { state } = visit.flow;
    // The seller's sheet, before anything of theirs is painted.
    if (state.session && state.session !== this.#worn) {
      this.#worn = state.session;
      this.#surroundings.wear(state.session.theme.css);
    }
    if (state.phase.name === "choosing" && before.phase.name === "loading") {
      this.dispatchEvent(new PayReadyEvent(state.invoices.length));
    }
    if (state.chosen !== before.chosen || state.card !== before.card || state.quote !== before.quote) {
      this.dispatchEvent(new PayChangeEvent(visit.flow.price));
    }
    this.#focus = state.focus ?? this.#focus;
    // An amount that is wrong is shown, whatever is looked for.
    if (typeof state.focus === "object" && state.focus) this.#ui.find = "";
    this.#draw();
  }

  #view(): View | null {
    const visit = this.#visit;
    if (!visit) return null;
    const { flow, words, card, challenge } = visit;
    return {
      state: flow.state,
      flow,
      price: flow.price,
      words,
      ui: this.#ui,
      cardFrame: card?.frame ?? null,
      challengeFrame: challenge?.frame ?? null,
      goOn: () => {
        // The button goes.
        this.#focus = "heading";
        this.#draw();
        visit.goOn();
      },
      retryCard: () => (card ? card.start() : flow.another()),
      print: () => {
        const root = this.#root.querySelector(".root");
        if (root) printAlone(root, [css, flow.state.session?.theme.css ?? ""]);
      },
    };
  }

  #measure(): void {
    this.#surroundings.turn();
    const heightPx = Math.ceil(this.getBoundingClientRect().height);
    if (heightPx === this.#heightPx) return;
    this.#heightPx = heightPx;
    this.dispatchEvent(new PayResizeEvent(heightPx));
  }
}
