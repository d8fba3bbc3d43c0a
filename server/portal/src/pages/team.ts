import type { Me, Member, Role, Team } from "@clarity/server/contract";
import { html, nothing, type TemplateResult } from "lit";
import { change, get } from "../api/client.ts";
import { codeOf, Failure } from "../api/problem.ts";
import { Query, queries } from "../api/query.ts";
import { PortalElement } from "../ui/element.ts";
import { dateTime } from "../ui/format.ts";
import { failed, wordsFor } from "../ui/notice.ts";
import { say } from "../words/words.ts";

const roles: readonly Role[] = ["owner", "admin", "designer", "finance", "viewer"];

/** Who is on the team, and what each may do. */
class TeamPage extends PortalElement {
  static override properties = {
    me: { attribute: false },
    failure: { state: true },
    wrong: { state: true },
    leaving: { state: true },
    busy: { state: true },
  };
  declare me: Me;
  declare protected failure: string;
  /** Of the invitation's fields, as JSON pointers. */
  declare protected wrong: readonly string[];
  declare protected leaving: Member | null;
  declare protected busy: boolean;

  readonly #team = new Query<Team>(this, () => ({ key: ["team"], read: () => get<Team>("/team") }));

  constructor() {
    super();
    this.failure = "";
    this.wrong = [];
    this.leaving = null;
    this.busy = false;
  }

  get #mayChange(): boolean {
    return this.me.permissions.includes("team.change");
  }

  #dialog(name: "invite" | "leave"): HTMLDialogElement | null {
    return this.querySelector(`dialog[data-name=${name}]`);
  }

  /** @returns whether it was done */
  async #do(work: () => Promise<Team>): Promise<boolean> {
    this.busy = true;
    this.failure = "";
    this.wrong = [];
    try {
      queries.setQueryData(["team"], await work());
      return true;
    } catch (error) {
      this.failure = wordsFor(error);
      if (error instanceof Failure && codeOf(error) === "validation_failed") this.wrong = error.fields;
      return false;
    } finally {
      this.busy = false;
    }
  }

  #invite = async (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const { email, name, role } = Object.fromEntries(new FormData(form));
    const done = await this.#do(() => change<Team>("/team", "POST", { email, name, role }));
    if (!done) return;
    form.reset();
    this.#dialog("invite")?.close();
  };

  async #setRole(member: Member, event: Event): Promise<void> {
    const select = event.target as HTMLSelectElement;
    const role = select.value;
    const done = await this.#do(() => change<Team>(`/team/${member.id}`, "PUT", { role }));
    if (!done) select.value = member.role;
  }

  async #remove(member: Member): Promise<void> {
    this.#dialog("leave")?.close();
    await this.#do(() => change<Team>(`/team/${member.id}`, "DELETE"));
  }

  #askToLeave(member: Member): void {
    this.leaving = member;
    this.#dialog("leave")?.showModal();
  }

  override render() {
    const { data, error } = this.#team.result;
    const invites = this.#dialog("invite")?.open ?? false;
    return html`<header class="mb-5 flex flex-wrap items-center justify-between gap-3">
        <h1 class="text-2xl font-semibold tracking-tight">${say("team.title")}</h1>
        ${this.#mayChange ? html`<button class="button button-primary" type="button" @click=${() => this.#dialog("invite")?.showModal()}>${say("team.invite")}</button>` : nothing}
      </header>
      ${this.failure && !invites ? html`<p class="mb-4 text-danger" role="alert">${this.failure}</p>` : nothing}
      ${
        data
          ? html`<ul class="card divide-y divide-line">${data.members.map((member) => this.#member(member))}</ul>`
          : error
            ? failed(error, () => this.#team.again())
            : html`<div class="card h-40" role="status"><span class="sr-only">${say("common.loading")}</span></div>`
      }
      ${this.#inviteDialog()} ${this.#leaveDialog()}`;
  }

  #member(member: Member): TemplateResult {
    const { email, name, role, state, lastSeenAt, self } = member;
    const seen =
      state === "invited"
        ? say("team.never")
        : lastSeenAt
          ? say("team.lastSeen", { when: dateTime(lastSeenAt) })
          : "";
    return html`<li class="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-4 py-3">
      <div class="min-w-0 grow basis-60">
        <p class="flex flex-wrap items-baseline gap-x-2"><span class="font-medium break-words">${name || email}</span>
          ${self ? html`<span class="text-sm text-muted">${say("team.you")}</span>` : nothing}
          ${state === "invited" ? html`<span class="text-sm text-muted">${say("team.invited")}</span>` : nothing}</p>
        <p class="text-sm break-all text-muted">${email}</p>
        <p class="text-sm text-muted">${seen}</p>
      </div>
      ${
        this.#mayChange
          ? html`<div class="flex gap-2">
            <label><span class="sr-only">${say("team.role")}, ${name || email}</span>
              <select class="field" ?disabled=${this.busy} @change=${(event: Event) => this.#setRole(member, event)}>
                ${roles.map((one) => html`<option value=${one} ?selected=${one === role}>${say(`role.${one}`)}</option>`)}
              </select></label>
            <button class="button" type="button" ?disabled=${this.busy} @click=${() => this.#askToLeave(member)}>${say("team.remove")}</button>
          </div>`
          : html`<span class="text-muted">${say(`role.${role}`)}</span>`
      }
    </li>`;
  }

  #inviteDialog() {
    const field = (name: "email" | "name", type: string, words: string) => {
      const wrong = this.wrong.includes(`/${name}`);
      return html`<div class="grid gap-1"><label class="font-medium" for="invite-${name}">${words}</label>
        <input class="field" id="invite-${name}" type=${type} name=${name} maxlength=${name === "email" ? 254 : 80} autocomplete="off" required aria-invalid=${wrong ? "true" : nothing} aria-describedby="wrong-${name}">
        <span id="wrong-${name}" class="text-sm text-danger empty:hidden">${wrong ? say(`error.${name}`) : ""}</span></div>`;
    };
    return html`<dialog data-name="invite" class="card m-auto w-[min(26rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="invite-title">
      <form class="grid gap-4" novalidate @submit=${this.#invite}>
        <h2 id="invite-title" class="text-lg font-semibold">${say("team.inviteTitle")}</h2>
        ${field("name", "text", say("team.name"))} ${field("email", "email", say("team.email"))}
        <label class="grid gap-1"><span class="font-medium">${say("team.role")}</span>
          <select class="field" name="role">${roles.toReversed().map((role) => html`<option value=${role}>${say(`role.${role}`)}</option>`)}</select></label>
        <p class="text-danger empty:hidden" role="alert">${this.failure}</p>
        <div class="flex justify-end gap-2">
          <button class="button" type="button" @click=${() => this.#dialog("invite")?.close()}>${say("common.cancel")}</button>
          <button class="button button-primary" ?disabled=${this.busy}>${say("team.send")}</button>
        </div>
      </form>
    </dialog>`;
  }

  #leaveDialog() {
    const { leaving } = this;
    return html`<dialog data-name="leave" class="card m-auto w-[min(24rem,calc(100vw-2rem))] px-6 py-6 text-text shadow-card" aria-labelledby="leave-title">
      <h2 id="leave-title" class="text-lg font-semibold break-words">${say("team.removeTitle", { name: leaving?.name || leaving?.email || "" })}</h2>
      <p class="mt-1 text-muted">${say("team.removeLead")}</p>
      <div class="mt-5 flex justify-end gap-2">
        <button class="button" type="button" @click=${() => this.#dialog("leave")?.close()}>${say("common.cancel")}</button>
        <button class="button" type="button" @click=${() => leaving && this.#remove(leaving)}>${say("team.remove")}</button>
      </div>
    </dialog>`;
  }
}

customElements.define("team-page", TeamPage);
