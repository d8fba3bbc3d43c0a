import type { Payment, Session } from "@clarity/bff/contract";
import { html, render } from "lit/html.js";
import { ownScript } from "../page/own-script.ts";
import { ApiError, fetchToken, type TokenSource } from "./api.ts";
import { PayChangeEvent, PayErrorEvent, PayReadyEvent, PayResizeEvent, PaySuccessEvent } from "./events.ts";
import { printAlone } from "./print.ts";
import type { Focus, State } from "./state.ts";
import css from "./styles/all.css?inline";
import { announcement } from "./views/announcement.ts";
import { phaseView } from "./views/phase.ts";
import type { Ui, View } from "./views/view.ts";
import { Visit } from "./visit.ts";
import { wantedLocales } from "./words.ts";

/** Where this script came from is where the API is. Read now: it is gone after the first run. */
const edge = ownScript("pay-form.js")?.edge;
/** A page that hands the token over later has this long before the form says that none came. */
const tokenWaitMs = 15_000;

/**
 * A customer's open invoices, and the means to pay them.
 *
 * @tag pay-form
 * @attr {string} token - Embed token, good for one session. When that session ends, the page must be reloaded.
 * @attr {string} token-url - Address on the host's origin that answers `POST` with `{"token": "…"}`; asked at the start and at every renewal.
 * @attr {string} locale - Wanted language, a BCP 47 tag; otherwise the page's, then the browser's.
 * @attr {"auto" | "light" | "dark"} theme-mode - `auto` (default) follows the payer's system.
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
  static readonly observedAttributes = ["token", "token-url", "theme-mode"];

  #visit: Visit | null = null;
  #present = false;
  #focus: Focus | null = null;
  #heightPx = 0;
  #tokenSource: TokenSource | null = null;
  #worn: Session | null = null;
  #timer = 0;
  #drawing = false;
  readonly #base = new CSSStyleSheet();
  readonly #theme = new CSSStyleSheet();
  readonly #root = this.attachShadow({ mode: "open" });
  readonly #observer = new ResizeObserver(() => this.#measure());
  readonly #ui: Ui = {
    find: "",
    whole: new Set(),
    touched: new Set(),
    typing: false,
    draft: null,
    spoken: "",
    update: () => this.#draw(),
  };

  constructor() {
    super();
    this.#base.replaceSync(css);
    this.#root.adoptedStyleSheets = [this.#base, this.#theme];
  }

  /** For pages that get their tokens some other way: called for the first and for each renewal. */
  get tokenSource(): TokenSource | null {
    return this.#tokenSource;
  }

  set tokenSource(source: TokenSource | null) {
    this.#tokenSource = source;
    this.#tokenGiven();
  }

  connectedCallback(): void {
    if (this.#present) return;
    this.#present = true;
    this.#observer.observe(this);
    this.#visit = new Visit(this.#options(), this.#visit);
    this.#timer = window.setTimeout(() => this.#arrive(), tokenWaitMs);
    this.#tokenGiven();
    this.#draw();
  }

  disconnectedCallback(): void {
    // A move within the page disconnects and connects in one go; only a true farewell ends it all.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#present = false;
      clearTimeout(this.#timer);
      this.#observer.disconnect();
      this.#visit?.end();
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === "theme-mode") this.#visit?.sendTheme();
    else this.#tokenGiven();
  }

  #tokenGiven(): void {
    const waits = this.#timer !== 0 || this.#visit?.flow.state.phase.name === "blocked";
    const given = this.#tokenSource || this.getAttribute("token-url") || this.getAttribute("token");
    if (given && waits && this.#present) this.#arrive();
  }

  /** One paint for all changes of a task. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const view = this.#view();
      if (!view) return;
      const { locale, dir } = view.words;
      const status = html`<div class="hidden" role="status">${announcement(view)}</div>`;
      render(html`<div class="root" lang=${locale} dir=${dir}>${status}${phaseView(view)}</div>`, this.#root);
      this.#moveFocus();
    });
  }

  #moveFocus(): void {
    const target = this.#focus;
    this.#focus = null;
    if (!target) return;
    if (target === "card") {
      this.#visit?.card?.focus();
      return;
    }
    const name = typeof target === "string" ? target : `amount:${target.amountOf}`;
    const fits = (each: HTMLElement) =>
      each.dataset.focus === name && !each.closest("[hidden]") && !each.matches(":disabled");
    [...this.#root.querySelectorAll<HTMLElement>("[data-focus]")].find(fits)?.focus();
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
      wanted: wantedLocales(this.getAttribute("locale")),
      token: () => this.#nextToken(),
      changed: (before: State) => this.#changed(before),
      settled: (payment: Payment) => {
        const { id, reason } = payment;
        if (payment.state === "captured") this.dispatchEvent(new PaySuccessEvent(payment));
        else
          this.dispatchEvent(new PayErrorEvent({ code: reason ?? "failed", paymentId: id, requestId: null }));
      },
      failed: ({ code, problem }: ApiError) => {
        this.dispatchEvent(
          new PayErrorEvent({ code, paymentId: null, requestId: problem.requestId ?? null }),
        );
      },
    };
  }

  async #nextToken(): Promise<string> {
    if (!edge) throw new ApiError("no_token");
    const url = this.getAttribute("token-url");
    const token = this.getAttribute("token");
    if (this.#tokenSource) return this.#tokenSource();
    if (url) return fetchToken(url);
    if (token) return token;
    throw new ApiError("no_token");
  }

  #changed(before: State): void {
    const visit = this.#visit;
    if (!visit) return;
    const { state } = visit.flow;
    // The seller's sheet, before anything of theirs is painted.
    if (state.session && state.session !== this.#worn) {
      this.#worn = state.session;
      this.#theme.replaceSync(state.session.theme.css);
    }
    if (state.phase.name === "choosing" && before.phase.name === "loading") {
      this.dispatchEvent(new PayReadyEvent(state.invoices.length));
    }
    if (state.chosen !== before.chosen || state.card !== before.card || state.quote !== before.quote) {
      this.dispatchEvent(new PayChangeEvent(visit.flow.price));
    }
    this.#focus = state.focus ?? this.#focus;
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
      retryCard: () => card?.start(),
      print: () => {
        const root = this.#root.querySelector(".root");
        if (root) printAlone(root, [css, flow.state.session?.theme.css ?? ""]);
      },
    };
  }

  #measure(): void {
    const heightPx = Math.ceil(this.getBoundingClientRect().height);
    if (heightPx === this.#heightPx) return;
    this.#heightPx = heightPx;
    this.dispatchEvent(new PayResizeEvent(heightPx));
  }
}
