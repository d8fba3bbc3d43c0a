import { html, nothing } from "lit/html.js";
import { icon } from "./icons.ts";
import type { View } from "./view.ts";

/** Ahead of the session's end: one press goes on, and nothing else changes (WCAG 2.2.1). */
export function endingView({ state, words, goOn }: View) {
  const { ending, phase } = state;
  const shown = ending && /^(choosing|challenge|unclear)$/.test(phase.name);
  return html`<div role="alert">${
    shown
      ? html`<div class="notice ending" part="notice">
          ${icon("clock")}
          <div>
            ${words.text(`session.${ending}`)}
            ${
              ending === "soon"
                ? html`<button type="button" class="text" part="button" @click=${goOn}>${words.text("session.goOn")}</button>`
                : nothing
            }
          </div>
        </div>`
      : nothing
  }</div>`;
}
