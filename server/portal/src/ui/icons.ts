import { html, type TemplateResult } from "lit";

const paths = {
  overview: "M4 13h6V4H4zm10 7h6V4h-6zM4 20h6v-3H4z",
  payments: "M3 7a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2zm0 3h18",
  invoices: "M7 3h10a1 1 0 0 1 1 1v17l-3-2-3 2-3-2-3 2V4a1 1 0 0 1 1-1zm2 6h6m-6 4h6",
  customers: "M16 20v-1a4 4 0 0 0-8 0v1m8-12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z",
  inbox: "M3 13h5l1.5 3h5L16 13h5M5 5h14l2 8v5a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-5z",
  brand:
    "M12 3a9 9 0 1 0 0 18c1.5 0 2-1 2-2 0-1.5 1-2 2-2h2a3 3 0 0 0 3-3c0-6-4-11-9-11zM7.5 11.5h.01M10 7.5h.01M14.5 7.5h.01",
  settings: "M4 7h10m4 0h2M4 17h2m4 0h10M14 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0z",
  team: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zm-6 9v-1a5 5 0 0 1 12 0v1m1-15.5a3.5 3.5 0 0 1 0 6M21 20v-1a5 5 0 0 0-3-4.6",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm9 2l-4-4",
  back: "M15 5l-7 7 7 7",
} as const;

export type IconName = keyof typeof paths;

/** Beside words: never read out. */
export const icon = (name: IconName): TemplateResult =>
  html`<svg viewBox="0 0 24 24" class="size-5 shrink-0 ${name === "back" ? "rtl:-scale-x-100" : ""}" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${paths[name]}></path></svg>`;
