import { html, nothing } from "lit";
import { placeOf } from "../shell/router.ts";
import { say } from "../words/words.ts";

const tabs = [
  { name: "settings", place: "settings", title: "settings.general" },
  { name: "embedding", place: "settings/embedding", title: "settings.embedding" },
  { name: "audit", place: "settings/audit", title: "settings.audit" },
] as const;

/** The parts of the settings, and where one is. */
export const settingsTabs = (here: (typeof tabs)[number]["name"]) =>
  html`<nav class="mb-4 flex flex-wrap gap-x-5 gap-y-1" aria-label=${say("nav.settings")}>
    ${tabs.map(
      ({ name, place, title }) =>
        html`<a class="py-2 ${name === here ? "border-b-2 border-primary font-medium" : "text-link"}" href=${placeOf(place)} aria-current=${name === here ? "page" : nothing}>${say(title)}</a>`,
    )}
  </nav>`;
