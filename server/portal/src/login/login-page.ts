import type { LoggedIn, LoginStarted } from "@clarity/server/contract";
import { html, nothing, type PropertyValues } from "lit";
import { change } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { PortalElement } from "../ui/element.ts";
import { wordsFor } from "../ui/notice.ts";
import { language, say } from "../words/words.ts";

/** The session is there: whoever holds the page reads who it is. */
class SignedIn extends Event {
  constructor() {
    super("signed-in", { bubbles: true });
  }
}

/**
 * Signing in: an address, then the mail's code; or the mail's link, which opens this page with a button. Opening it signs
 * nobody in, for mail scanners open links too.
 */
class LoginPage extends PortalElement {
  static override properties = {
    seller: { attribute: false },
    /** The link's token; "": none. */
    link: { attribute: false },
    ended: { attribute: false },
    step: { state: true },
    failure: { state: true },
    busy: { state: true },
  };
  declare seller: string;
  declare link: string;
  declare ended: boolean;
  declare protected step: "email" | "code" | "link";
  declare protected failure: string;
  declare protected busy: boolean;
  #email = "";

  constructor() {
    super();
    this.seller = "";
    this.link = "";
    this.ended = false;
    this.step = "email";
    this.failure = "";
    this.busy = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("link") && this.link !== "") this.step = "link";
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("step") && changed.get("step") !== undefined) this.querySelector("input")?.focus();
  }

  async #do(work: () => Promise<void>, wordsOf: (error: unknown) => string = wordsFor): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = "";
    try {
      await work();
    } catch (error) {
      this.failure = wordsOf(error);
    } finally {
      this.busy = false;
    }
  }

  #start = (event: Event) => {
    event.preventDefault();
    const { value = "" } = this.querySelector<HTMLInputElement>("#email") ?? {};
    this.#email = value.trim();
    return this.#do(
      async () => {
        await change<LoginStarted>("/login", "POST", { email: this.#email, locale: language });
        this.step = "code";
      },
      (error) => (codeOf(error) === "validation_failed" ? say("error.email") : wordsFor(error)),
    );
  };

  /** Asked for in another browser. */
  #haveCode = () => {
    const input = this.querySelector<HTMLInputElement>("#email");
    this.#email = input?.value.trim() ?? "";
    this.failure = input?.validity.valid ? "" : say("error.email");
    if (this.failure === "") this.step = "code";
    else input?.focus();
  };

  #enter = (event: Event) => {
    event.preventDefault();
    const { value: code = "" } = this.querySelector<HTMLInputElement>("#code") ?? {};
    return this.#finish({ email: this.#email, code }, say("login.wrong"));
  };

  #follow = () => this.#finish({ link: this.link }, say("login.linkUsed"));

  #finish(proof: object, wrong: string): Promise<void> {
    const isWrong = (error: unknown) => ["login_failed", "validation_failed"].includes(codeOf(error));
    return this.#do(
      async () => {
        await change<LoggedIn>("/login/finish", "POST", proof);
        this.dispatchEvent(new SignedIn());
      },
      (error) => {
        if (this.step === "link" && isWrong(error)) this.step = "email";
        return isWrong(error) ? wrong : wordsFor(error);
      },
    );
  }

  override render() {
    return html`<main class="flex min-h-dvh flex-col items-center justify-center px-4 py-10">
      <div class="card w-full max-w-sm px-6 py-8 shadow-card sm:px-8">
        <img class="mb-5 size-10" src="/portal/icon.svg" alt="">
        ${this.step === "link" ? this.#linkStep() : this.step === "code" ? this.#codeStep() : this.#emailStep()}
      </div>
    </main>`;
  }

  #notice() {
    const words = this.failure || (this.ended && this.step === "email" ? say("login.ended") : "");
    return html`<p id="notice" class="${words ? "mt-3" : ""} ${this.failure ? "text-danger" : "text-muted"}" role=${this.failure ? "alert" : "status"}>${words}</p>`;
  }

  #emailStep() {
    return html`<h1 class="text-xl font-semibold tracking-tight">${say("login.title", { seller: this.seller })}</h1>
      <p class="mt-1 text-muted">${say("login.lead")}</p>
      ${this.#notice()}
      <form class="mt-5 grid gap-4" novalidate @submit=${this.#start}>
        <label class="grid gap-1"><span class="font-medium">${say("login.email")}</span>
          <input class="field" id="email" type="email" name="email" autocomplete="username" inputmode="email" autocapitalize="off" spellcheck="false" maxlength="254" required
            .value=${this.#email} aria-invalid=${this.failure ? "true" : nothing} aria-describedby="notice"></label>
        <button class="button button-primary" ?disabled=${this.busy}>${say("login.continue")}</button>
        <button class="min-h-10 justify-self-start text-link" type="button" @click=${this.#haveCode}>${say("login.haveCode")}</button>
      </form>`;
  }

  #codeStep() {
    return html`<h1 class="text-xl font-semibold tracking-tight">${say("login.sent")}</h1>
      <p class="mt-1 break-words text-muted">${say("login.sentLead", { email: this.#email })}</p>
      ${this.#notice()}
      <form class="mt-5 grid gap-4" novalidate @submit=${this.#enter}>
        <label class="grid gap-1"><span class="font-medium">${say("login.code")}</span>
          <input class="field text-center text-2xl! tracking-[0.3em] tabular-nums" id="code" name="code" dir="ltr" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required
            aria-invalid=${this.failure ? "true" : nothing} aria-describedby="notice"></label>
        <button class="button button-primary" ?disabled=${this.busy}>${say("login.enter")}</button>
      </form>
      <div class="mt-4 flex flex-wrap justify-between gap-x-4">
        <button class="min-h-10 text-link" type="button" @click=${() => this.#back()}>${say("login.other")}</button>
        <button class="min-h-10 text-link" type="button" ?disabled=${this.busy} @click=${() => this.#again()}>${say("login.again")}</button>
      </div>`;
  }

  #linkStep() {
    return html`<h1 class="text-xl font-semibold tracking-tight">${say("login.linkTitle")}</h1>
      <p class="mt-1 text-muted">${say("login.linkLead")}</p>
      ${this.#notice()}
      <button class="button button-primary mt-5 w-full whitespace-normal!" type="button" ?disabled=${this.busy} @click=${this.#follow}>${say("login.title", { seller: this.seller })}</button>`;
  }

  #back(): void {
    this.failure = "";
    this.step = "email";
  }

  #again = () =>
    this.#do(async () => {
      await change<LoginStarted>("/login", "POST", { email: this.#email, locale: language });
    });
}

customElements.define("login-page", LoginPage);
