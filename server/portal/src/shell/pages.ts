import type { Me } from "@clarity/server/contract";
import { html, type TemplateResult } from "lit";
import type { IconName } from "../ui/icons.ts";
import { empty } from "../ui/notice.ts";
import type { Key } from "../words/en.ts";
import { say } from "../words/words.ts";
import type { Place } from "./router.ts";
import "../pages/customer.ts";
import "../pages/customers.ts";
import "../pages/enter-invoices.ts";
import "../pages/invoice.ts";
import "../pages/invoices.ts";
import "../pages/audit.ts";
import "../pages/embedding.ts";
import "../pages/inbox.ts";
import "../pages/overview.ts";
import "../pages/payment.ts";
import "../pages/payments.ts";
import "../pages/setting-form.ts";
import "../pages/settings.ts";
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
  {
    name: "invoices",
    icon: "invoices",
    needs: "invoices.see",
    show: ({ path: [, what, id], query }, me) => {
      if (what === "of" && id !== undefined) return html`<invoice-page .invoiceId=${id}></invoice-page>`;
      const enters = (what === "new" || what === "import") && me.permissions.includes("invoices.change");
      if (enters) return html`<enter-invoices-page .by=${what}></enter-invoices-page>`;
      return html`<invoices-page .query=${query} .me=${me}></invoices-page>`;
    },
  },
  {
    name: "customers",
    icon: "customers",
    needs: "customers.see",
    show: ({ path: [, id], query }) =>
      id === undefined
        ? html`<customers-page .query=${query}></customers-page>`
        : html`<customer-page .customerId=${id}></customer-page>`,
  },
  {
    name: "inbox",
    icon: "inbox",
    needs: "inbox.see",
    show: (_, me) => html`<inbox-page .me=${me}></inbox-page>`,
  },
  { name: "brand", icon: "brand", needs: "brand.see", show: soon("nav.brand") },
  {
    name: "settings",
    icon: "settings",
    needs: "settings.see",
    show: ({ path: [, part], query }, me) =>
      part === "audit"
        ? html`<audit-page .query=${query}></audit-page>`
        : part === "embedding"
          ? html`<embedding-page .me=${me}></embedding-page>`
          : html`<settings-page></settings-page>`,
  },
  { name: "team", icon: "team", needs: "team.see", show: (_, me) => html`<team-page .me=${me}></team-page>` },
];

export const pagesFor = (me: Me): readonly PortalPage[] =>
  portalPages.filter(({ needs }) => me.permissions.includes(needs));
