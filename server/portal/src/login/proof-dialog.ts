import { html, nothing } from "lit";
import { change } from "../api/client.ts";
import { PortalElement } from "../ui/element.ts";
import { wordsFor } from "../ui/notice.ts";
import { say } from "../words/words.ts";

/** Asks once more who it is: a code by mail, before roles, secrets or money change. */
export class ProofDialog extends PortalElement {
  static override properties = {
    email: { attribute: false },
    failure: { state: true },
    busy: { state: true },
  };
  declare email: string;
  declare protected failure: string;
  declare protected busy: boolean;
  #answer: (proved: boolean) => void = () => {};

  constructor() {
    super();
    this.email = "";
    this.failure = "";
    this.busy = false;
  }

  /** @returns whether it was proved */
  async ask(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#answer = resolve;
    this.failure = "";
    await this.updateComplete;
    this.#dialog?.showModal();
    await change("/step-up", "POST", {}).catch((error) => {
      this.failure = wordsFor(error);
    });
    return promise;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector("dialog");
  }

  #confirm = async (event: Event) => {
    event.preventDefault();
    const input = this.querySelector("input");
    if (this.busy || !input) return;
    this.busy = true;
    try {
      await change("/step-up/finish", "POST", { code: input.value });
      this.#answer(true);
      this.#dialog?.close();
    } catch (error) {
      this.failure = wordsFor(error);
    } finally {
      this.busy = false;
    }
  };

  #closed = () => {
    this.#answer(false);
    const input = this.querySelector("input");
    if (input) input.value = "";
  };

  override render() {
    return html`<dialog class="card m-auto w-[min(24rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="proof-title" @close=${this.#closed}>
      <form class="grid gap-4" novalidate @submit=${this.#confirm}>
        <div>
          <h2 id="proof-title" class="text-lg font-semibold">${say("proof.title")}</h2>
          <p class="mt-1 break-words text-muted">${say("proof.lead", { email: this.email })}</p>
        </div>
        <label class="grid gap-1"><span class="font-medium">${say("login.code")}</span>
          <input class="field text-center text-2xl! tracking-[0.3em] tabular-nums" dir="ltr" inputmode="numeric" autocomplete="one-time-code" maxlength="9" required
            aria-invalid=${this.failure ? "true" : nothing} aria-describedby="proof-failure"></label>
        <p id="proof-failure" class="text-danger empty:hidden" role="alert">${this.failure}</p>
        <div class="flex justify-end gap-2">
          <button class="button" type="button" @click=${() => this.#dialog?.close()}>${say("common.cancel")}</button>
          <button class="button button-primary" ?disabled=${this.busy}>${say("proof.confirm")}</button>
        </div>
      </form>
    </dialog>`;
  }
}

customElements.define("proof-dialog", ProofDialog);
