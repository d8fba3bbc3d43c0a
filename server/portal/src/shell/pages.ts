import type { Me } from "@clarity/server/contract";
import { html, type TemplateResult } from "lit";
import type { IconName } from "../ui/icons.ts";
import { empty } from "../ui/notice.ts";
import type { Key } from "../words/en.ts";
import { say } from "../words/words.ts";
import type { Place } from "./router.ts";
import "../pages/inbox.ts";
import "../pages/overview.ts";
import "../pages/payment.ts";
import "../pages/payments.ts";
import "../pages/team.ts";

/** A page of the navigation: a new one is a line here, and an element in `pages/`. */
export interface PortalPage {
  /** The first segment of its place, and its words' key. */
  name: "overview" | "payments" | "invoices" | "customers" | "inbox" | "brand" | "settings" | "team";
  icon: IconName;
  /** What the person must hold to see it. */
  needs: string;
  show(place: Place, me: Me): TemplateResult;
}

const soon = (title: Key) => () => empty(say(title), say("common.soon"));

const portalPages: readonly PortalPage[] = [
  {
    name: "overview",
    icon: "overview",
    needs: "overview.see",
    show: () => html`<overview-page></overview-page>`,
  },
  {
    name: "payments",
    icon: "payments",
    needs: "payments.see",
    show: ({ path: [, id], query }) =>
      id === undefined
        ? html`<payments-page .query=${query}></payments-page>`
        : html`<payment-page .paymentId=${id}></payment-page>`,
  },
  { name: "invoices", icon: "invoices", needs: "invoices.see", show: soon("nav.invoices") },
  { name: "customers", icon: "customers", needs: "customers.see", show: soon("nav.customers") },
  {
    name: "inbox",
    icon: "inbox",
    needs: "inbox.see",
    show: (_, me) => html`<inbox-page .me=${me}></inbox-page>`,
  },
  { name: "brand", icon: "brand", needs: "brand.see", show: soon("nav.brand") },
  { name: "settings", icon: "settings", needs: "settings.see", show: soon("nav.settings") },
  { name: "team", icon: "team", needs: "team.see", show: (_, me) => html`<team-page .me=${me}></team-page>` },
];

export const pagesFor = (me: Me): readonly PortalPage[] =>
  portalPages.filter(({ needs }) => me.permissions.includes(needs));
