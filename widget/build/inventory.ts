/**
 * Why each script is on a payment page, who owns it, who let it on there and when (PCI DSS 4.0.1 6.4.3). The build
 * writes it into `dist/manifest.json` beside what the script hashes to; a script that is not here does not build, and
 * one that is not in a manifest is not served. What lets a script on a page is the review of the change that put it
 * here; a release (`widget/release.ts`) says it anew, of exactly its bytes.
 */
export interface Justification {
  /** The pages it is for. */
  pages: string;
  why: string;
  owner: string;
  authorizedBy: string;
  /** Calendar date. */
  authorizedOn: string;
  /** Trusted Types policies that it makes. */
  trustedTypes: readonly string[];
}

const reviewed = {
  owner: "maintainers of the payment form",
  authorizedBy: "maintainers, in review",
  authorizedOn: "2026-11-30",
} as const;

export const inventory: Readonly<Record<string, Justification>> = {
  "pay-form.js": {
    ...reviewed,
    pages: "the ERP's page; the edge's /embed",
    why: "Shows the customer's open invoices and takes the order to pay them. It sees no card data.",
    trustedTypes: ["pay-form"],
  },
  "card-frame.js": {
    ...reviewed,
    pages: "the card fields, on the payment provider's origin",
    why: "Draws the card fields and trades what is typed for a token at the provider, on its own origin.",
    trustedTypes: [],
  },
  "embed-page.js": {
    ...reviewed,
    pages: "the edge's /embed",
    why: "Asks the page around the frame for the embed token, and tells it the height and the outcome.",
    trustedTypes: [],
  },
  "loader.js": {
    ...reviewed,
    pages: "the ERP's page around an IFRAME",
    why: "Hands the embed token to the frame and keeps its height. It sees neither invoices nor card data.",
    trustedTypes: [],
  },
};
