import type { PortalSetting, PortalSettings } from "@clarity/server/contract";
import { html, nothing, type PropertyValues } from "lit";
import { change, get } from "../api/client.ts";
import { codeOf, Failure } from "../api/problem.ts";
import { queries } from "../api/query.ts";
import { PortalElement } from "../ui/element.ts";
import { dateTime } from "../ui/format.ts";
import { wordsFor } from "../ui/notice.ts";
import { blankOf, type Schema, schemaField } from "../ui/schema-field.ts";
import { say, sayIfKnown } from "../words/words.ts";

interface Draft {
  value: unknown;
  /** What was there when the person began. */
  version: string;
}

/** What was typed outlives a reload and a session's end, in this tab alone. A secret is kept nowhere. */
const drafts = {
  place: (key: string) => `draft:setting:${key}`,
  read(key: string): Draft | null {
    try {
      return JSON.parse(sessionStorage.getItem(drafts.place(key)) ?? "null") as Draft | null;
    } catch {
      return null;
    }
  },
  keep: (key: string, draft: Draft) => sessionStorage.setItem(drafts.place(key), JSON.stringify(draft)),
  forget: (key: string) => sessionStorage.removeItem(drafts.place(key)),
};

const titleOf = (key: string): string => sayIfKnown(`setting.${key}`) ?? key;
export const changedWords = (changed: PortalSetting["changed"]): string =>
  changed
    ? say(changed.by === null ? "settings.changed" : "settings.changedBy", {
        when: dateTime(changed.at),
        name: changed.by ?? "",
      })
    : "";

/** One setting: what it is, who changed it, and a form made from its definition. */
class SettingForm extends PortalElement {
  static override properties = {
    setting: { attribute: false },
    draft: { state: true },
    failure: { state: true },
    wrong: { state: true },
    theirs: { state: true },
    busy: { state: true },
  };
  declare setting: PortalSetting;
  declare protected draft: Draft | null;
  declare protected failure: string;
  declare protected wrong: ReadonlyMap<string, string>;
  /** What somebody else has put there meanwhile. */
  declare protected theirs: PortalSetting | null;
  declare protected busy: boolean;

  constructor() {
    super();
    this.draft = null;
    this.failure = "";
    this.wrong = new Map();
    this.theirs = null;
    this.busy = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const first = changed.has("setting") && changed.get("setting") === undefined;
    if (first && !this.setting.secret) this.draft = drafts.read(this.setting.key);
  }

  #edit = async () => {
    const { value, version, secret, schema } = this.setting;
    const missing = value === null && this.setting.source === "missing";
    this.#type({ value: secret ? "" : missing ? blankOf((schema ?? {}) as Schema) : value, version });
    await this.updateComplete;
    this.querySelector<HTMLElement>("form input, form select")?.focus();
  };

  #type(draft: Draft): void {
    this.draft = draft;
    if (!this.setting.secret) drafts.keep(this.setting.key, draft);
  }

  #cancel = async () => {
    this.#done();
    await this.updateComplete;
    this.querySelector("button")?.focus();
  };

  #done(): void {
    drafts.forget(this.setting.key);
    this.draft = null;
    this.theirs = null;
    this.failure = "";
    this.wrong = new Map();
  }

  /** @param to a value, or back to the default */
  async #save(to: { value: unknown } | { default: true }, version: string): Promise<void> {
    const { key, secret } = this.setting;
    this.busy = true;
    this.failure = "";
    this.wrong = new Map();
    try {
      const path = `/${secret ? "secrets" : "settings"}/${encodeURIComponent(key)}`;
      const now = await change<PortalSettings>(path, "PUT", { ...to, version });
      this.#done();
      queries.setQueryData(["settings"], now);
    } catch (error) {
      this.failure = wordsFor(error);
      if (codeOf(error) === "changed_meanwhile") await this.#compare();
      if (error instanceof Failure && codeOf(error) === "validation_failed")
        this.wrong = new Map(
          error.fields.map((pointer) => [pointer.replace(/^\/value/, ""), say("settings.wrong")]),
        );
    } finally {
      this.busy = false;
    }
  }

  async #compare(): Promise<void> {
    const now = await get<PortalSettings>("/settings").catch(() => null);
    if (!now) return;
    this.theirs = now.settings.find(({ key }) => key === this.setting.key) ?? null;
    queries.setQueryData(["settings"], now);
  }

  override render() {
    const { key, mayChange, changed, secret, source } = this.setting;
    const editing = this.draft !== null;
    return html`<section class="grid gap-3 px-4 py-4" aria-labelledby="title-${key}">
      <div class="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div class="min-w-0 grow basis-64">
          <h3 id="title-${key}" class="font-medium">${titleOf(key)}</h3>
          <p class="max-w-prose text-sm text-muted">${sayIfKnown(`settingHelp.${key}`) ?? this.setting.help}</p>
          ${editing && !secret ? nothing : html`<p class="mt-1 break-words"><bdi>${this.#shown(this.setting)}</bdi></p>`}
          <p class="text-sm text-muted">${source === "default" ? `${say("settings.isDefault")} ` : ""}${changedWords(changed)}</p>
        </div>
        ${mayChange && !editing ? this.#buttons() : nothing}
      </div>
      ${this.failure && !editing ? html`<p class="text-danger" role="alert">${this.failure}</p>` : nothing}
      ${this.draft ? this.#form(this.draft) : nothing}
    </section>`;
  }

  #buttons() {
    const { key, secret, source, former, version } = this.setting;
    const isSet = source === "stored";
    return html`<div class="flex flex-wrap gap-2">
      ${former ? html`<button class="button" type="button" ?disabled=${this.busy} aria-describedby="title-${key}" @click=${() => this.#save(former, version)}>${say("settings.undo")}</button>` : nothing}
      ${isSet && (secret || this.setting.default !== undefined) ? html`<button class="button" type="button" ?disabled=${this.busy} aria-describedby="title-${key}" @click=${() => this.#save({ default: true }, version)}>${say(secret ? "settings.remove" : "settings.toDefault")}</button>` : nothing}
      <button class="button" type="button" aria-describedby="title-${key}" @click=${this.#edit}>${say(secret && isSet ? "settings.replace" : "settings.edit")}</button>
    </div>`;
  }

  #form(draft: Draft) {
    const { key, secret, schema } = this.setting;
    const set = (value: unknown) => this.#type({ ...draft, value });
    const submit = (event: Event) => {
      event.preventDefault();
      if (!this.busy) void this.#save({ value: draft.value ?? null }, draft.version);
    };
    const field = { id: `setting-${key.replaceAll(".", "-")}`, label: titleOf(key), value: draft.value };
    return html`<form class="grid max-w-2xl gap-4" novalidate @submit=${submit}>
      ${secret ? this.#secretInput(draft, set) : schemaField((schema ?? {}) as Schema, { ...field, pointer: "", wrong: this.wrong, optional: false, set })}
      <p class="text-danger empty:hidden" role="alert">${this.failure}</p>
      ${this.theirs ? this.#conflict(this.theirs, draft) : nothing}
      <div class="flex flex-wrap gap-2">
        ${this.theirs ? nothing : html`<button class="button button-primary" ?disabled=${this.busy}>${say("settings.save")}</button>`}
        <button class="button" type="button" @click=${this.#cancel}>${say("common.cancel")}</button>
      </div>
    </form>`;
  }

  #secretInput(draft: Draft, set: (value: unknown) => void) {
    const id = `secret-${this.setting.key}`;
    return html`<div class="grid gap-1"><label class="font-medium" for=${id}>${say("settings.newSecret")}</label>
      <input class="field" id=${id} type="password" autocomplete="new-password" dir="ltr" spellcheck="false" .value=${String(draft.value)}
        aria-invalid=${this.wrong.size > 0 ? "true" : nothing} @input=${(event: Event) => set((event.target as HTMLInputElement).value)}></div>`;
  }

  #conflict(theirs: PortalSetting, draft: Draft) {
    return html`<div class="card grid gap-2 px-4 py-3" role="group" aria-label=${say("settings.theirs")}>
      <p class="font-medium">${say("settings.theirs")}</p>
      <p class="text-sm text-muted">${changedWords(theirs.changed)}</p>
      <p class="break-words"><bdi>${this.#shown(theirs)}</bdi></p>
      <div class="flex flex-wrap gap-2">
        <button class="button" type="button" ?disabled=${this.busy} @click=${() => this.#save({ value: draft.value ?? null }, theirs.version)}>${say("settings.overwrite")}</button>
        <button class="button" type="button" @click=${this.#cancel}>${say("settings.keepTheirs")}</button>
      </div>
    </div>`;
  }

  #shown({ secret, source, value, changed }: PortalSetting): string {
    if (secret)
      return source === "stored"
        ? say("settings.secretSet", { when: changed ? dateTime(changed.at) : "" })
        : say("settings.notSet");
    return plain(value) || say("settings.none");
  }
}

/** A value in a line, for who reads and compares. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(([, one]) => one !== null)
    .map(([name, one]) => `${name}: ${plain(one)}`)
    .join(" · ");
}

customElements.define("setting-form", SettingForm);
