import type { PortalFlag, PortalSetting, PortalSettings } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import { change, get } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { Query, queries } from "../api/query.ts";
import { PortalElement } from "../ui/element.ts";
import { failed, wordsFor } from "../ui/notice.ts";
import type { Key } from "../words/en.ts";
import { say, sayIfKnown } from "../words/words.ts";
import { changedWords } from "./setting-form.ts";
import { settingsTabs } from "./settings-tabs.ts";

/** In the order in which somebody sets up; what is in none of them is in the last. */
const groups: readonly { title: Key; keys: RegExp }[] = [
  { title: "settings.seller", keys: /^seller\./ },
  { title: "settings.money", keys: /^(?:provider|surcharge|limits)/ },
  { title: "settings.erp", keys: /^(?:connector|invoices)/ },
  { title: "settings.mail", keys: /^smtp/ },
  { title: "settings.sessions", keys: /./ },
];
/** These have a page of their own. */
const elsewhere = new Set(["embed.origins"]);

const groupOf = ({ key }: PortalSetting) => groups.findIndex(({ keys }) => keys.test(key));

/** Every setting and flag of the tenant's. */
class SettingsPage extends PortalElement {
  static override properties = { failure: { state: true }, busy: { state: true } };
  declare protected failure: string;
  declare protected busy: boolean;

  readonly #settings = new Query<PortalSettings>(this, () => ({
    key: ["settings"],
    read: () => get<PortalSettings>("/settings"),
  }));

  constructor() {
    super();
    this.failure = "";
    this.busy = false;
  }

  async #setFlag({ key, version }: PortalFlag, value: boolean | null): Promise<void> {
    this.busy = true;
    this.failure = "";
    try {
      queries.setQueryData(["settings"], await change(`/flags/${key}`, "PUT", { value, version }));
    } catch (error) {
      this.failure = wordsFor(error);
      if (codeOf(error) === "changed_meanwhile") this.#settings.again();
      this.requestUpdate();
    } finally {
      this.busy = false;
    }
  }

  override render() {
    const { data, error } = this.#settings.result;
    return html`<h1 class="mb-5 text-2xl font-semibold tracking-tight">${say("nav.settings")}</h1>
      ${settingsTabs("settings")}
      ${
        data
          ? html`${groups.map(({ title }, at) => this.#group(say(title), data, at))} ${this.#flags(data.flags)}`
          : error
            ? failed(error, () => this.#settings.again())
            : html`<div class="card h-40" role="status"><span class="sr-only">${say("common.loading")}</span></div>`
      }`;
  }

  #group(title: string, { settings }: PortalSettings, at: number) {
    const mine = settings.filter((one) => groupOf(one) === at && !elsewhere.has(one.key));
    return html`<h2 class="mt-6 mb-2 text-lg font-semibold">${title}</h2>
      <div class="card divide-y divide-line">${repeat(
        mine,
        ({ key }) => key,
        (setting) => html`<setting-form class="block" .setting=${setting}></setting-form>`,
      )}</div>`;
  }

  #flags(flags: readonly PortalFlag[]) {
    return html`<h2 class="mt-6 mb-2 text-lg font-semibold">${say("settings.flags")}</h2>
      ${this.failure ? html`<p class="mb-2 text-danger" role="alert">${this.failure}</p>` : nothing}
      <ul class="card divide-y divide-line">${flags.map((flag) => this.#flag(flag))}</ul>`;
  }

  #flag(flag: PortalFlag) {
    const { key, help, value, changed, mayChange, version } = flag;
    return html`<li class="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 px-4 py-4">
      <label class="flex min-w-0 grow basis-64 gap-3">
        <input type="checkbox" class="mt-1 size-5 shrink-0" .checked=${live(value)} ?disabled=${!mayChange || this.busy}
          @change=${(event: Event) => this.#setFlag(flag, (event.target as HTMLInputElement).checked)}>
        <span class="grid"><span class="font-medium">${sayIfKnown(`flag.${key}`) ?? key}</span>
          <span class="text-sm text-muted">${sayIfKnown(`flagHelp.${key}`) ?? help}</span>
          <span class="text-sm text-muted">${version === "" ? `${say("settings.isDefault")} ` : ""}${changedWords(changed)}</span></span>
      </label>
      ${mayChange && version !== "" ? html`<button class="button" type="button" ?disabled=${this.busy} @click=${() => this.#setFlag(flag, null)}>${say("settings.toDefault")}</button>` : nothing}
    </li>`;
  }
}

customElements.define("settings-page", SettingsPage);
