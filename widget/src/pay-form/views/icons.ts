import { svg } from "lit/html.js";

const paths = {
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  clock: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4M10 6v4.2l2.8 1.6",
  lock: "M5.5 9h9v7h-9zM7.2 9V6.6a2.8 2.8 0 0 1 5.6 0V9",
  alert: "M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4M10 6.4v4.4M10 13.2v.6",
};

/** Drawn in the text's colour; the words beside it say the same. */
export const icon = (name: keyof typeof paths) =>
  svg`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${paths[name]} /></svg>`;
