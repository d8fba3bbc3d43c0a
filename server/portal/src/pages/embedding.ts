import type { Me, PortalSetting, PortalSettings } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { change, get } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { Query, queries } from "../api/query.ts";
import { PortalElement } from "../ui/element.ts";
import { failed, wordsFor } from "../ui/notice.ts";
import { say } from "../words/words.ts";
import { changedWords } from "./setting-form.ts";
import { settingsTabs } from "./settings-tabs.ts";
import "./embed-keys.ts";

/** What is typed as a browser sends it: names in other letters become punycode; null: no origin. */
function originIn(typed: string): string | null {
  const text = typed.trim();
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  return url && /^https?:$/.test(url.protocol) && url.hostname ? url.origin : null;
}

/** Which pages may embed the form, and what signs their tokens. */
class EmbeddingPage extends PortalElement {
  static override properties = {
    me: { attribute: false },
    typed: { state: true },
    failure: { state: true },
    busy: { state: true },
  };
  declare me: Me;
  declare protected typed: string;
  declare protected failure: string;
  declare protected busy: boolean;

  readonly #settings = new Query<PortalSettings>(this, () => ({
    key: ["settings"],
    read: () => get<PortalSettings>("/settings"),
  }));

  constructor() {
    super();
    this.typed = "";
    this.failure = "";
    this.busy = false;
  }

  async #save(origins: readonly string[], version: string): Promise<boolean> {
    this.busy = true;
    this.failure = "";
    try {
      const now = await change("/settings/embed.origins", "PUT", { value: origins, version });
      queries.setQueryData(["settings"], now);
      return true;
    } catch (error) {
      const code = codeOf(error);
      this.failure = code === "validation_failed" ? say("embedding.wrongOrigin") : wordsFor(error);
      // The list is another now: it is shown, and what was typed is there still.
      if (code === "changed_meanwhile") this.#settings.again();
      return false;
    } finally {
      this.busy = false;
    }
  }

  #add = async (event: Event, origins: readonly string[], version: string) => {
    event.preventDefault();
    const origin = originIn(this.typed);
    if (origin === null) {
      this.failure = say("embedding.wrongOrigin");
      return;
    }
    if (origins.includes(origin) || (await this.#save([...origins, origin], version))) this.typed = "";
  };

  override render() {
    const { data, error } = this.#settings.result;
    const setting = data?.settings.find(({ key }) => key === "embed.origins");
    return html`<h1 class="mb-5 text-2xl font-semibold tracking-tight">${say("nav.settings")}</h1>
      ${settingsTabs("embedding")}
      ${
        setting
          ? this.#origins(setting)
          : error
            ? failed(error, () => this.#settings.again())
            : html`<div class="card h-40" role="status"><span class="sr-only">${say("common.loading")}</span></div>`
      }
      <embed-keys class="block" .me=${this.me}></embed-keys>`;
  }

  #origins({ value, version, changed, mayChange }: PortalSetting) {
    const origins = value as string[];
    const seen = originIn(this.typed);
    const becomes = this.typed.trim() !== "" && seen !== null && seen !== this.typed.trim() ? seen : "";
    return html`<section aria-labelledby="origins-title">
      <h2 id="origins-title" class="mb-1 text-lg font-semibold">${say("embedding.origins")}</h2>
      <p class="mb-3 max-w-prose text-muted">${say("embedding.originsLead")}</p>
      <div class="card divide-y divide-line">
        ${origins.length === 0 ? html`<p class="px-4 py-3 text-muted">${say("embedding.noOrigins")}</p>` : nothing}
        <ul class="divide-y divide-line">${origins.map(
          (
            origin,
            at,
          ) => html`<li class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-2">
          <code class="min-w-0 break-all" dir="ltr">${origin}</code>
          ${mayChange ? html`<button class="button" type="button" ?disabled=${this.busy} aria-label="${say("settings.remove")}, ${origin}" @click=${() => this.#save(origins.toSpliced(at, 1), version)}>${say("settings.remove")}</button>` : nothing}</li>`,
        )}</ul>
        ${
          mayChange
            ? html`<form class="grid gap-1 px-4 py-4" novalidate @submit=${(event: Event) => this.#add(event, origins, version)}>
              <label class="font-medium" for="new-origin">${say("embedding.newOrigin")}</label>
              <div class="flex flex-wrap gap-2"><input class="field min-w-0 grow basis-56" id="new-origin" dir="ltr" inputmode="url" autocapitalize="off" autocomplete="off" spellcheck="false"
                placeholder="https://erp.example.com" .value=${this.typed} aria-invalid=${this.failure ? "true" : nothing} aria-describedby="origin-becomes origin-wrong"
                @input=${(event: Event) => {
                  this.typed = (event.target as HTMLInputElement).value;
                }}>
              <button class="button button-primary" ?disabled=${this.busy}>${say("settings.add")}</button></div>
              <p id="origin-becomes" class="text-sm break-all text-muted empty:hidden">${becomes && say("embedding.becomes", { origin: becomes })}</p>
              <p id="origin-wrong" class="text-danger empty:hidden" role="alert">${this.failure}</p>
            </form>`
            : nothing
        }
      </div>
      <p class="mt-1 text-sm text-muted">${changedWords(changed)}</p>
    </section>`;
  }
}

customElements.define("embedding-page", EmbeddingPage);
