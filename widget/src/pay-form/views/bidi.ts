import { html } from "lit/html.js";

/** Words with names of others in them, each in an element of its own: it turns nothing around that stands beside it. */
export const bidi = (text: string) =>
  text.split(/[\u2068\u2069]/).map((part, at) => (at % 2 ? html`<bdi>${part}</bdi>` : part));
