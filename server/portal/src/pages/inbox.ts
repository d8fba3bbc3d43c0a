import type { Inbox, InboxDone, InboxItem, Me } from "@clarity/server/contract";
import { html, nothing, type TemplateResult } from "lit";
import { change, get } from "../api/client.ts";
import { Failure } from "../api/problem.ts";
import { Query, queries } from "../api/query.ts";
import { placeOf } from "../shell/router.ts";
import { PortalElement } from "../ui/element.ts";
import { count, dateTime, money } from "../ui/format.ts";
import { empty, failed, wordsFor } from "../ui/notice.ts";
import { say } from "../words/words.ts";

type Verb = InboxItem["verbs"][number];

const waiting = () => ({ key: ["inbox"], read: () => get<Inbox>("/inbox") });

/** How much waits, in the navigation; nothing where nothing does. */
class InboxCount extends PortalElement {
  readonly #inbox = new Query<Inbox>(this, waiting);

  override render() {
    const waits = this.#inbox.result.data?.items.length ?? 0;
    if (waits === 0) return nothing;
    return html`<span class="rounded-full bg-primary px-2 text-sm font-semibold text-on-primary tabular-nums">${count(waits)}</span>`;
  }
}

/** What needs a person, and the verbs that end it. */
class InboxPage extends PortalElement {
  static override properties = {
    me: { attribute: false },
    asked: { state: true },
    decision: { state: true },
    failure: { state: true },
    wrong: { state: true },
    busy: { state: true },
    told: { state: true },
  };
  declare me: Me;
  /** What the dialog is about; it stays while the dialog goes. */
  declare protected asked: { item: InboxItem; verb: Verb } | null;
  declare protected decision: "paid" | "unpaid";
  declare protected failure: string;
  /** JSON pointers of fields. */
  declare protected wrong: readonly string[];
  declare protected busy: boolean;
  /** What the last verb did. */
  declare protected told: string;

  readonly #inbox = new Query<Inbox>(this, waiting);

  constructor() {
    super();
    this.asked = null;
    this.decision = "paid";
    this.failure = "";
    this.wrong = [];
    this.busy = false;
    this.told = "";
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector("dialog");
  }

  async #open(item: InboxItem, verb: Verb): Promise<void> {
    this.querySelector("form")?.reset();
    Object.assign(this, { asked: { item, verb }, decision: "paid", failure: "", wrong: [], told: "" });
    await this.updateComplete;
    this.#dialog?.showModal();
  }

  #send = async (event: Event) => {
    event.preventDefault();
    const { asked } = this;
    if (this.busy || !asked) return;
    const typed = new FormData(event.target as HTMLFormElement);
    this.busy = true;
    this.failure = "";
    this.wrong = [];
    try {
      const { done, cause } = await change<InboxDone>(pathOf(asked), "POST", this.#bodyOf(asked, typed));
      this.told = [say(`inbox.done.${done}`), cause].filter(Boolean).join(" ");
      this.#dialog?.close();
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["inbox"] }),
        queries.invalidateQueries({ queryKey: ["payment"] }),
      ]);
      this.querySelector<HTMLElement>("#inbox-title")?.focus();
    } catch (error) {
      const said = error instanceof Failure ? error.detail : null;
      this.failure = [wordsFor(error), said].filter(Boolean).join(" ");
      this.wrong = error instanceof Failure ? error.fields : [];
    } finally {
      this.busy = false;
    }
  };

  #bodyOf({ item, verb }: { item: InboxItem; verb: Verb }, typed: FormData): object {
    const reason = String(typed.get("reason") ?? "").trim();
    const erpRef = String(typed.get("erpRef") ?? "").trim() || null;
    if (verb === "finish") return { reason, ...(item.kind === "erp_post" && { erpRef }) };
    if (verb !== "decide") return { reason };
    return this.decision === "paid"
      ? { decision: "paid", reason, erpRef }
      : { decision: "unpaid", reason, givenBack: typed.has("givenBack") };
  }

  override render() {
    const { data, error } = this.#inbox.result;
    return html`<header class="mb-5">
        <h1 id="inbox-title" tabindex="-1" class="text-2xl font-semibold tracking-tight outline-none!">${say("inbox.title")}</h1>
        <p class="text-muted">${say("inbox.lead")}</p>
      </header>
      <p class="mb-4 break-words empty:hidden" role="status">${this.told}</p>
      ${
        data
          ? data.items.length === 0
            ? empty(say("inbox.emptyTitle"), say("inbox.empty"))
            : html`<ul class="grid gap-3">${data.items.map((item) => this.#item(item))}</ul>`
          : error
            ? failed(error, () => this.#inbox.again())
            : html`<div class="card h-40" role="status"><span class="sr-only">${say("common.loading")}</span></div>`
      }
      ${this.#form()}`;
  }

  #item(item: InboxItem): TemplateResult {
    const { kind, since, customer, payment, taken, record, cause, verbs } = item;
    const may = this.me.permissions.includes("inbox.act");
    return html`<li class="card grid gap-x-6 gap-y-3 px-5 py-4 md:grid-cols-[minmax(0,1fr)_auto]">
      <div class="min-w-0">
        <h2 class="font-semibold">${say(`inbox.kind.${kind}`)}</h2>
        <p class="text-muted">${say(`inbox.why.${kind}`)}</p>
        ${taken === null || payment === null ? nothing : html`<p>${say("inbox.taken", { taken: apart(amount(taken.amountMinor, taken.currency)), agreed: apart(money(payment.totalMinor, payment.currency)) })}</p>`}
        ${record === null ? nothing : html`<p class="break-words"><bdi>${record}</bdi></p>`}
        ${cause === null ? nothing : html`<p class="mt-1 text-sm break-words text-muted"><bdi>${cause}</bdi></p>`}
        <p class="mt-1 text-sm break-words text-muted"><bdi>${customer.name}</bdi> · <time datetime=${since}>${say("inbox.since", { when: dateTime(since) })}</time></p>
      </div>
      ${payment === null ? nothing : html`<a class="self-start text-lg font-semibold text-link tabular-nums md:text-end" href=${placeOf(`payments/${payment.id}`)}><span class="sr-only">${say("payment.title")} </span><bdi>${money(payment.totalMinor, payment.currency)}</bdi></a>`}
      ${
        may && verbs.length > 0
          ? html`<div class="flex flex-wrap gap-2 md:col-span-2">
            ${verbs.map((verb, at) => html`<button class="button ${at === 0 ? "button-primary" : ""}" type="button" @click=${() => this.#open(item, verb)}>${say(`inbox.verb.${verb}`)}</button>`)}
          </div>`
          : nothing
      }
    </li>`;
  }

  #form() {
    const { asked, wrong } = this;
    const verb = asked?.verb ?? "resolve";
    const needsRef = verb === "finish" && asked?.item.kind === "erp_post";
    const offersRef = verb === "decide" && this.decision === "paid";
    return html`<dialog class="card m-auto w-[min(30rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="inbox-verb">
      <form class="grid gap-4" novalidate @submit=${this.#send}>
        <div>
          <h2 id="inbox-verb" class="text-lg font-semibold">${say(`inbox.verb.${verb}`)}</h2>
          <p class="mt-1 text-muted">${say(`inbox.about.${verb}`)}</p>
        </div>
        ${verb === "decide" ? this.#choice() : nothing}
        ${needsRef || offersRef ? field("erpRef", say(needsRef ? "inbox.erpRef" : "inbox.erpRefIfAny"), wrong) : nothing}
        ${verb === "decide" && this.decision === "unpaid" ? html`<label class="flex items-start gap-3"><input class="mt-1 size-5 shrink-0" type="checkbox" name="givenBack"><span>${say("inbox.givenBack")}</span></label>` : nothing}
        ${field("reason", say("inbox.reason"), wrong)}
        <p class="break-words text-danger empty:hidden" role="alert">${this.failure}</p>
        <div class="flex flex-wrap justify-end gap-2">
          <button class="button" type="button" @click=${() => this.#dialog?.close()}>${say("common.cancel")}</button>
          <button class="button button-primary" ?disabled=${this.busy}>${say(`inbox.verb.${verb}`)}</button>
        </div>
      </form>
    </dialog>`;
  }

  #choice() {
    const choices = ["paid", "unpaid"] as const;
    return html`<fieldset class="grid gap-2"><legend class="sr-only">${say("inbox.verb.decide")}</legend>
      ${choices.map(
        (choice) =>
          html`<label class="flex items-start gap-3"><input class="mt-1 size-5 shrink-0" type="radio" name="decision" value=${choice} ?checked=${choice === "paid"} @change=${() => {
            this.decision = choice;
          }}><span>${say(`inbox.decide.${choice}`)}</span></label>`,
      )}
    </fieldset>`;
  }
}

function field(name: "reason" | "erpRef", label: string, pointers: readonly string[]): TemplateResult {
  const wrong = pointers.includes(`/${name}`);
  return html`<div class="grid gap-1"><label class="font-medium" for="inbox-${name}">${label}</label>
    <input class="field" id="inbox-${name}" name=${name} maxlength=${name === "reason" ? 500 : 200} autocomplete="off" aria-invalid=${wrong ? "true" : nothing} aria-describedby="inbox-${name}-wrong">
    <span id="inbox-${name}-wrong" class="text-sm text-danger empty:hidden">${wrong ? say(`error.${name}`) : ""}</span></div>`;
}

function pathOf({ item, verb }: { item: InboxItem; verb: Verb }): string {
  const delivery = verb === "replay" || verb === "finish";
  const id = delivery ? item.deliveryId : item.payment?.id;
  return `/inbox/${delivery ? "deliveries" : "payments"}/${id}/${verb}`;
}

/** Read in its own direction within a sentence of another. */
const apart = (text: string): string => `\u2068${text}\u2069`;

/** A provider's currency may be none. */
const amount = (minor: string, currency: string): string =>
  /^[A-Z]{3}$/.test(currency) ? money(minor, currency) : `${minor} ${currency}`;

customElements.define("inbox-count", InboxCount);
customElements.define("inbox-page", InboxPage);
