import type { Me } from "@clarity/server/contract";
import { html, nothing } from "lit";
import { change, listen, readMe } from "../api/client.ts";
import { codeOf } from "../api/problem.ts";
import { queries } from "../api/query.ts";
import type { ProofDialog } from "../login/proof-dialog.ts";
import { PortalElement } from "../ui/element.ts";
import { useTimeZone } from "../ui/format.ts";
import { icon } from "../ui/icons.ts";
import { failed } from "../ui/notice.ts";
import { loadWords, say } from "../words/words.ts";
import { type PortalPage, pagesFor } from "./pages.ts";
import { type Place, placeOf, readPlace } from "./router.ts";
import "../login/login-page.ts";
import "../login/proof-dialog.ts";

type State =
  | { name: "starting" }
  | { name: "away"; error: unknown }
  /** @param ended there was a session until just now */
  | { name: "out"; link: string; ended: boolean }
  | { name: "in"; me: Me };

/** The whole portal: who has signed in sees the pages their role has, who has not the way in. */
class PortalApp extends PortalElement {
  static override properties = { state: { state: true }, place: { state: true } };
  declare protected state: State;
  declare protected place: Place;
  readonly #seller = this.dataset.seller ?? "";

  constructor() {
    super();
    this.state = { name: "starting" };
    this.place = readPlace(location.hash);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#moved);
    this.addEventListener("signed-in", () => void this.#enter());
    listen({ ended: () => this.#out(true), proof: () => this.#proof() });
    void this.#start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#moved);
  }

  #moved = () => {
    const before = this.place.path.join("/");
    this.place = readPlace(location.hash);
    const link = this.#takeLink();
    if (link !== "") this.state = { name: "out", link, ended: false };
    // Another page begins at its top, for eyes and for who listens; a filter does not.
    if (before === this.place.path.join("/")) return;
    window.scrollTo({ top: 0 });
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>("#content")?.focus({ preventScroll: true }),
    );
  };

  async #start(): Promise<void> {
    await loadWords();
    const link = this.#takeLink();
    if (link !== "") {
      this.state = { name: "out", link, ended: false };
      return;
    }
    await this.#enter();
  }

  /** The token of a mailed link, out of the address and the history at once. */
  #takeLink(): string {
    const [page, token = ""] = this.place.path;
    if (page !== "login") return "";
    history.replaceState(null, "", "#/");
    this.place = readPlace("");
    return token;
  }

  async #enter(): Promise<void> {
    try {
      const me = await readMe();
      useTimeZone(me.seller.timeZone);
      this.state = { name: "in", me };
    } catch (error) {
      const out = ["token_missing", "token_invalid"].includes(codeOf(error));
      if (!out) this.state = { name: "away", error };
    }
  }

  #out(noticed: boolean): void {
    const ended = noticed && this.state.name === "in";
    queries.clear();
    this.state = { name: "out", link: "", ended };
  }

  async #proof(): Promise<boolean> {
    return (await this.querySelector<ProofDialog>("proof-dialog")?.ask()) ?? false;
  }

  async #signOut(everywhere: boolean): Promise<void> {
    await change("/logout", "POST", { everywhere }).catch(() => {});
    this.#out(false);
  }

  override render() {
    const { state } = this;
    switch (state.name) {
      case "starting":
        return html`<p class="sr-only" role="status">${say("common.loading")}</p>`;
      case "away":
        return html`<main class="mx-auto max-w-lg px-4 py-16">${failed(state.error, () => void this.#enter())}</main>`;
      case "out":
        return html`<login-page .seller=${this.#seller} .link=${state.link} .ended=${state.ended}></login-page>`;
      case "in":
        return this.#inside(state.me);
    }
  }

  #inside(me: Me) {
    const pages = pagesFor(me);
    const page = pages.find(({ name }) => name === this.place.path[0]) ?? pages[0];
    return html`<a class="button sr-only focus:not-sr-only focus:fixed focus:start-2 focus:top-2 focus:z-20" href="#content" @click=${this.#skip}>${say("nav.skip")}</a>
      <div class="min-h-dvh lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
        <header class="sticky top-0 z-10 flex items-center justify-between gap-3 border-b border-line bg-bg px-4 py-2 lg:hidden">
          ${this.#brand(me)}
          <button class="button px-2.5!" type="button" aria-haspopup="dialog" @click=${() => this.#menu?.showModal()}>${icon("menu")}<span class="sr-only">${say("nav.menu")}</span></button>
        </header>
        <aside class="hidden border-e border-line bg-bg lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col">
          <div class="px-5 py-4">${this.#brand(me)}</div>
          ${this.#navigation(pages, page)} ${this.#account(me)}
        </aside>
        <main id="content" tabindex="-1" class="mx-auto w-full max-w-6xl px-4 py-6 outline-none! sm:px-6 lg:px-8 lg:py-8">
          ${page ? page.show(this.place, me) : nothing}
        </main>
      </div>
      <dialog data-name="menu" class="m-0 me-auto h-dvh max-h-none w-72 max-w-[85vw] border-e border-line bg-bg text-text" aria-label=${say("nav.menu")} @click=${this.#menuClicked}>
        <div class="flex h-full flex-col">
          <div class="flex items-center justify-between gap-3 px-5 py-3">${this.#brand(me)}
            <button class="button px-2.5!" type="button" @click=${() => this.#menu?.close()}>${icon("close")}<span class="sr-only">${say("common.close")}</span></button></div>
          ${this.#navigation(pages, page)} ${this.#account(me)}
        </div>
      </dialog>
      <proof-dialog .email=${me.user.email}></proof-dialog>`;
  }

  get #menu(): HTMLDialogElement | null {
    return this.querySelector("dialog[data-name=menu]");
  }

  /** The address stays that of the page. */
  #skip = (event: Event) => {
    event.preventDefault();
    this.querySelector<HTMLElement>("#content")?.focus();
  };

  /** Beside it, or on a link in it: it has done its work. */
  #menuClicked = (event: Event) => {
    const target = event.target as HTMLElement;
    if (target === this.#menu || target.closest("a")) this.#menu?.close();
  };

  #brand({ seller }: Me) {
    return html`<a class="flex min-w-0 items-center gap-3 font-semibold" href=${placeOf("")}><img class="size-8" src="/portal/icon.svg" alt=""><span class="truncate">${seller.name}</span></a>`;
  }

  #navigation(pages: readonly PortalPage[], current: PortalPage | undefined) {
    return html`<nav class="grow overflow-y-auto px-3 py-2" aria-label=${say("nav.label")}>
      <ul class="grid gap-0.5">
        ${pages.map(
          (
            page,
          ) => html`<li><a class="flex min-h-10 items-center gap-3 rounded-button px-3 ${page === current ? "bg-sunken font-semibold" : "text-muted hover:bg-sunken hover:text-text"}"
            href=${placeOf(page.name === "overview" ? "" : page.name)} aria-current=${page === current ? "page" : nothing}>${icon(page.icon)}${say(`nav.${page.name}`)}${page.name === "inbox" ? html`<inbox-count class="ms-auto"></inbox-count>` : nothing}</a></li>`,
        )}
      </ul>
    </nav>`;
  }

  #account({ user }: Me) {
    return html`<section class="border-t border-line px-5 py-4 text-sm" aria-label=${say("account.label")}>
      <p class="truncate font-medium">${user.name || user.email}</p>
      <p class="truncate text-muted">${say(`role.${user.role}`)}</p>
      <div class="mt-1 flex flex-wrap gap-x-4">
        <button class="min-h-8 text-link" type="button" @click=${() => this.#signOut(false)}>${say("account.signOut")}</button>
        <button class="min-h-8 text-link" type="button" @click=${() => this.#signOut(true)}>${say("account.everywhere")}</button>
      </div>
    </section>`;
  }
}

customElements.define("portal-app", PortalApp);
