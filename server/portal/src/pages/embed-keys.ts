import type { MadePortalKey, Me, PortalEmbedKey, PortalEmbedKeys } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { change, get } from "../api/client.ts";
import { codeOf, Failure } from "../api/problem.ts";
import { Query, queries } from "../api/query.ts";
import { PortalElement } from "../ui/element.ts";
import { dateTime } from "../ui/format.ts";
import { failed, wordsFor } from "../ui/notice.ts";
import { say } from "../words/words.ts";

type Kind = PortalEmbedKey["kind"];
const kinds: readonly Kind[] = ["secret", "jwks", "jwk"];

/** The keys that sign embed tokens: made here, shown once, revoked with a reason. */
class EmbedKeys extends PortalElement {
  static override properties = {
    me: { attribute: false },
    kind: { state: true },
    made: { state: true },
    going: { state: true },
    failure: { state: true },
    wrong: { state: true },
    busy: { state: true },
  };
  declare me: Me;
  declare protected kind: Kind;
  declare protected made: { id: string; secret: string | null } | null;
  declare protected going: PortalEmbedKey | null;
  declare protected failure: string;
  declare protected wrong: readonly string[];
  declare protected busy: boolean;

  readonly #keys = new Query<PortalEmbedKeys>(this, () => ({
    key: ["embed-keys"],
    read: () => get<PortalEmbedKeys>("/embed-keys"),
  }));

  constructor() {
    super();
    this.kind = "secret";
    this.made = null;
    this.going = null;
    this.failure = "";
    this.wrong = [];
    this.busy = false;
  }

  #dialog(name: "make" | "revoke"): HTMLDialogElement | null {
    return this.querySelector(`dialog[data-name=${name}]`);
  }

  #open(name: "make" | "revoke"): void {
    this.failure = "";
    this.wrong = [];
    this.#dialog(name)?.showModal();
  }

  /** @returns null: it was not done */
  async #do<T extends PortalEmbedKeys>(path: string, body: object): Promise<T | null> {
    this.busy = true;
    this.failure = "";
    this.wrong = [];
    try {
      const now = await change<T>(path, "POST", body);
      queries.setQueryData(["embed-keys"], { keys: now.keys, mayChange: now.mayChange });
      return now;
    } catch (error) {
      this.failure = wordsFor(error);
      if (error instanceof Failure && codeOf(error) === "validation_failed") this.wrong = error.fields;
      return null;
    } finally {
      this.busy = false;
    }
  }

  #make = async (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { id, algorithm, jwksUrl, jwk } = Object.fromEntries(new FormData(form)) as Record<string, string>;
    const key = {
      ...(id && { id }),
      ...(this.kind === "secret"
        ? { algorithm: "HS256" }
        : { algorithm, ...(this.kind === "jwks" ? { jwksUrl } : { jwk: jsonIn(jwk ?? "") }) }),
    };
    const made = await this.#do<MadePortalKey>("/embed-keys", key);
    if (!made) return;
    form.reset();
    this.kind = "secret";
    this.made = { id: made.id, secret: made.secret };
    this.#dialog("make")?.close();
  };

  #revoke = async (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { reason } = Object.fromEntries(new FormData(form));
    const path = `/embed-keys/${encodeURIComponent(this.going?.id ?? "")}/revoke`;
    if (!(await this.#do(path, { reason }))) return;
    form.reset();
    this.#dialog("revoke")?.close();
  };

  override render() {
    const { data, error } = this.#keys.result;
    return html`<section class="mt-8" aria-labelledby="keys-title">
      <div class="mb-3 flex flex-wrap items-end justify-between gap-3">
        <div class="min-w-0 grow basis-64"><h2 id="keys-title" class="mb-1 text-lg font-semibold">${say("embedding.keys")}</h2>
        <p class="max-w-prose text-muted">${say("embedding.keysLead")}</p></div>
        ${data?.mayChange ? html`<button class="button button-primary" type="button" @click=${() => this.#open("make")}>${say("embedding.make")}</button>` : nothing}
      </div>
      ${this.#shownOnce()}
      ${
        data
          ? html`<ul class="card divide-y divide-line">${data.keys.length === 0 ? html`<li class="px-4 py-3 text-muted">${say("embedding.noKeys")}</li>` : data.keys.map((key) => this.#key(key, data.mayChange))}</ul>`
          : error
            ? failed(error, () => this.#keys.again())
            : html`<div class="card h-40" role="status"><span class="sr-only">${say("common.loading")}</span></div>`
      }
    </section>${this.#makeDialog()} ${this.#revokeDialog()}`;
  }

  #shownOnce() {
    const { made } = this;
    if (!made) return nothing;
    return html`<div class="card mb-3 grid gap-2 px-4 py-3" role="status">
      <p class="font-medium">${say("embedding.made", { id: made.id })}</p>
      ${
        made.secret === null
          ? nothing
          : html`<p class="text-sm text-muted">${say("embedding.once")}</p>
            <code class="rounded-field bg-sunken px-3 py-2 break-all select-all" dir="ltr">${made.secret}</code>`
      }
      <div class="flex gap-2">
        ${made.secret === null ? nothing : html`<button class="button" type="button" @click=${() => navigator.clipboard.writeText(made.secret ?? "")}>${say("embedding.copy")}</button>`}
        <button class="button" type="button" @click=${() => {
          this.made = null;
        }}>${say("common.close")}</button></div>
    </div>`;
  }

  #key(key: PortalEmbedKey, mayChange: boolean) {
    const { id, algorithm, kind, createdAt, createdBy, revoked } = key;
    const when = (at: string, by: string | null) => (by ? `${dateTime(at)}, ${by}` : dateTime(at));
    return html`<li class="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 px-4 py-3">
      <div class="min-w-0 grow basis-60"><p class="flex flex-wrap gap-x-2"><code class="break-all" dir="ltr">${id}</code> <span class="text-muted">${algorithm}, ${say(`embedding.${kind}`)}</span></p>
        <p class="text-sm text-muted">${say("embedding.madeOn", { when: when(createdAt, createdBy) })}</p>
        ${revoked ? html`<p class="text-sm break-words text-danger">${say("embedding.revokedOn", { when: when(revoked.at, revoked.by) })}${revoked.reason === null ? "" : `: ${revoked.reason}`}</p>` : nothing}</div>
      ${
        mayChange && !revoked
          ? html`<button class="button" type="button" aria-label="${say("embedding.revoke")}, ${id}" @click=${() => {
              this.going = key;
              this.#open("revoke");
            }}>${say("embedding.revoke")}</button>`
          : nothing
      }
    </li>`;
  }

  #wrongAt(pointer: string) {
    return this.wrong.some((one) => one === pointer || one.startsWith(`${pointer}/`));
  }

  #makeDialog() {
    const wrong = (name: string) =>
      html`<span id="wrong-${name}" class="text-sm text-danger empty:hidden">${this.#wrongAt(`/${name}`) ? say(`embedding.wrong.${name}` as "embedding.wrong.id") : ""}</span>`;
    const invalid = (name: string) => (this.#wrongAt(`/${name}`) ? "true" : nothing);
    return html`<dialog data-name="make" class="card m-auto w-[min(30rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="make-title">
      <form class="grid gap-4" novalidate @submit=${this.#make}>
        <h2 id="make-title" class="text-lg font-semibold">${say("embedding.make")}</h2>
        <fieldset class="grid gap-2"><legend class="mb-1 font-medium">${say("embedding.kind")}</legend>
          ${kinds.map(
            (kind) =>
              html`<label class="flex min-h-8 items-center gap-2"><input type="radio" name="kind" class="size-5" value=${kind} .checked=${kind === this.kind} @change=${() => {
                this.kind = kind;
              }}><span>${say(`embedding.${kind}`)}</span></label>`,
          )}</fieldset>
        <div class="grid gap-1"><label class="font-medium" for="key-id">${say("embedding.id")}</label>
          <input class="field" id="key-id" name="id" dir="ltr" maxlength="64" autocomplete="off" spellcheck="false" aria-invalid=${invalid("id")} aria-describedby="wrong-id">${wrong("id")}</div>
        ${
          this.kind === "secret"
            ? nothing
            : html`<div class="grid gap-1"><label class="font-medium" for="key-algorithm">${say("embedding.algorithm")}</label>
              <select class="field" id="key-algorithm" name="algorithm"><option>ES256</option><option>RS256</option><option>PS256</option></select></div>`
        }
        ${
          this.kind === "jwks"
            ? html`<div class="grid gap-1"><label class="font-medium" for="key-url">${say("embedding.jwks")}</label>
              <input class="field" id="key-url" name="jwksUrl" dir="ltr" inputmode="url" placeholder="https://" aria-invalid=${invalid("jwksUrl")} aria-describedby="wrong-jwksUrl">${wrong("jwksUrl")}</div>`
            : nothing
        }
        ${
          this.kind === "jwk"
            ? html`<div class="grid gap-1"><label class="font-medium" for="key-jwk">${say("embedding.jwk")}</label>
              <textarea class="field" id="key-jwk" name="jwk" rows="5" dir="ltr" spellcheck="false" aria-invalid=${invalid("jwk")} aria-describedby="wrong-jwk"></textarea>${wrong("jwk")}</div>`
            : nothing
        }
        <p class="text-danger empty:hidden" role="alert">${this.failure}</p>
        <div class="flex justify-end gap-2">
          <button class="button" type="button" @click=${() => this.#dialog("make")?.close()}>${say("common.cancel")}</button>
          <button class="button button-primary" ?disabled=${this.busy}>${say("embedding.make")}</button></div>
      </form></dialog>`;
  }

  #revokeDialog() {
    return html`<dialog data-name="revoke" class="card m-auto w-[min(26rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="revoke-title">
      <form class="grid gap-4" novalidate @submit=${this.#revoke}>
        <div><h2 id="revoke-title" class="text-lg font-semibold break-all">${say("embedding.revokeTitle", { id: this.going?.id ?? "" })}</h2>
        <p class="mt-1 text-muted">${say("embedding.revokeLead")}</p></div>
        <div class="grid gap-1"><label class="font-medium" for="revoke-reason">${say("embedding.reason")}</label>
          <input class="field" id="revoke-reason" name="reason" maxlength="200" autocomplete="off" required aria-invalid=${this.#wrongAt("/reason") ? "true" : nothing} aria-describedby="wrong-reason">
          <span id="wrong-reason" class="text-sm text-danger empty:hidden">${this.#wrongAt("/reason") ? say("embedding.wrong.reason") : ""}</span></div>
        <p class="text-danger empty:hidden" role="alert">${this.failure}</p>
        <div class="flex justify-end gap-2">
          <button class="button" type="button" @click=${() => this.#dialog("revoke")?.close()}>${say("common.cancel")}</button>
          <button class="button" ?disabled=${this.busy}>${say("embedding.revoke")}</button></div>
      </form></dialog>`;
  }
}

/** What is no JSON is sent as what is no key: the server says so at the field. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

customElements.define("embed-keys", EmbedKeys);
