import { html, nothing } from "lit/html.js";
import type { MessageKey } from "../../locales/en.ts";
import { ApiError } from "../api.ts";
import { edgeClock } from "../clock.ts";
import { isSessionLost } from "../refusals.ts";
import { bidi } from "./bidi.ts";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";
import { waiting } from "./waiting.ts";

/** Grey shapes of what is to come: no colour of any brand before the seller's own is there. */
export const skeleton = ({ state, words }: View) => html`
  <div class="skeleton" part="skeleton" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
  <p class=${state.session ? "muted" : "hidden"} role="status" tabindex="-1" data-focus="heading">${words.text("loading")}</p>`;

export const reference = ({ words }: View, requestId: string | undefined) =>
  requestId
    ? html`<p class="reference">${words.text("reference")} <code dir="ltr">${requestId}</code></p>`
    : nothing;

/** What is to be said now, in one breath. */
export const said = ({ state, words }: View): string => {
  const notices = [state.notice, state.notice?.and].flatMap((notice) => notice ?? []);
  return notices.map(({ key, params }) => words.text(key, params)).join(" ");
};

/** A list younger than this is not worth a word while it is read anew: words that come and go move what is below, ms. */
const newMs = 5 * 60_000;

/** How old the list is, unless it is new. */
export function freshness({ state, words }: View) {
  const { state: known, readAtMs } = state.list;
  const ageMs = edgeClock.now() - (readAtMs ?? 0);
  // Just after a jump of the device's clock nobody knows.
  const isKnown = readAtMs !== null && !edgeClock.isInDoubt;
  const isWorthIt = known === "unreachable" || (known === "refreshing" && ageMs > newMs);
  const text = isWorthIt && isKnown ? words.text(`list.${known}`, { ago: words.ago(ageMs) }) : "";
  return html`<p class=${text ? "muted small" : "hidden"} role="status">${text}</p>`;
}

interface PanelOptions {
  title: string;
  text?: string;
  icon?: unknown;
  more?: unknown;
}

const panel = ({ title, text, icon, more }: PanelOptions) => html`
  <section class="panel" part="panel">
    ${icon}
    <h2 tabindex="-1" data-focus="heading">${title}</h2>
    ${text ? html`<p class="muted">${bidi(text)}</p>` : nothing}
    ${more}
  </section>`;

const button = (label: string, click: () => void, primary = false) =>
  html`<button
    type="button"
    class=${primary ? "primary" : "secondary"}
    part=${primary ? "button button-primary" : "button"}
    @click=${click}
  >${label}</button>`;

export const spinner = html`<span class="spinner" aria-hidden="true"></span>`;

/** No session, or none any more. */
export function blockedView(view: View) {
  const { state, words, flow } = view;
  if (state.phase.name !== "blocked") return nothing;
  const { code, requestId, retry, seller = words.text("early.seller") } = state.phase;
  // What was chosen is still there, and the page can give another token.
  const goesOn = retry && state.session && isSessionLost(new ApiError(code));
  // Where there is no list it is the customer who is not there.
  const key = code === "not_found" ? "early.contact" : (`error.${code}` as const);
  const label = words.text(goesOn ? "session.goOn" : "retry");
  const actions = retry ? button(label, () => flow.start(), true) : nothing;
  return panel({
    title: words.text(goesOn ? "session.ended" : key, { seller }),
    icon: html`<span class="emblem" data-tone="danger">${icon("alert")}</span>`,
    more: html`${actions}${reference(view, requestId)}`,
  });
}

export function emptyView(view: View) {
  const { state, words, flow } = view;
  return panel({
    title: words.text("empty.title"),
    text: words.text("empty.text", { customer: state.session?.customer.name ?? "" }),
    icon: html`<span class="emblem">${icon("check")}</span>`,
    more: html`${waiting(view)}${button(words.text("refresh"), () => flow.another())}
      <div role="alert">${bidi(said(view))}</div>
      ${freshness(view)}`,
  });
}

/** A payment that was found under way: there is no form beneath it. */
export function progressView({ words }: View, key: MessageKey) {
  return panel({ title: words.text(key), icon: spinner });
}

export function unclearView({ state, words, flow }: View) {
  if (state.phase.name !== "unclear") return nothing;
  const { known, code } = state.phase;
  const why = code ? `${words.text(`error.${code}`)} ` : "";
  return panel({
    title: words.text("unclear.title"),
    text: why + words.text("unclear.text"),
    icon: html`<span class="emblem" data-tone="info">${icon("clock")}</span>`,
    more: html`<div class="actions">
      ${button(words.text("unclear.check"), () => flow.checkAgain(), true)}
      ${known ? button(words.text("leave"), () => flow.another()) : nothing}
    </div>`,
  });
}

export function challengeView({ words, flow, challengeFrame }: View) {
  return html`<section class="challenge" part="challenge">
    <h2 tabindex="-1" data-focus="heading">${words.text("challenge.title")}</h2>
    <p class="muted">${words.text("challenge.text")}</p>
    ${challengeFrame}
    <p class="muted small">${words.text("challenge.help")}</p>
    <div class="actions">
      ${button(words.text("challenge.done"), () => flow.challengeDone())}
      ${button(words.text("leave"), () => flow.another())}
    </div>
  </section>`;
}
