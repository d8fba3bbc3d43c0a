import { portalEdgeRows, portalServerRows } from "./portal/routes.ts";
import { type EdgeRoute, pathsOf, type ServerRoute } from "./route-table.ts";

const KiB = 1024;

/** What a browser or a provider sends at most. */
const edgeBodyBytes = 64 * KiB;
/** More than the edge passes on, so that the edge's own refusal is the one a browser sees. */
const serverBodyBytes = 128 * KiB;

/** Reports of a page: browsers send them in batches. */
const reportBytes = 16 * KiB;

/** A payment may take as long as its provider. */
const providerMs = 45_000;
/** Anything else answers soon or not at all. */
const soonMs = 10_000;

/**
 * Every route of edge and server. Guards, limits, time-outs, the OpenAPI document and the access matrix are made of
 * it. What is not here is 404, and a row that nobody answers keeps the process from starting. The edge adds the
 * shapes of its requests and answers by id; those of the server stand here beside its rows.
 */
export const routes = {
  /** What a browser, a provider or a probe asks of the edge. */
  edge: {
    readHealth: {
      method: "GET",
      path: "/healthz",
      host: "any",
      guard: "public",
      rate: "probe",
      whose: "says that the process lives",
    },
    readReadiness: {
      method: "GET",
      path: "/readyz",
      host: "any",
      guard: "public",
      rate: "probe",
      whose: "says whether it can serve; of no tenant",
    },
    readMetrics: {
      method: "GET",
      path: "/metrics",
      host: "any",
      guard: "loopback",
      rate: "uncounted",
      whose: "slugs and counts, for a collector on this machine",
      hidden: true,
    },
    readOpenAPI: {
      method: "GET",
      path: "/openapi.json",
      host: "any",
      guard: "public",
      rate: "anybody",
      whose: "the API's description, the same for everybody",
      hidden: true,
    },
    openSession: {
      method: "POST",
      path: "/v1/session",
      host: "tenant",
      guard: "key",
      rate: "newcomer",
      bodyBytes: edgeBodyBytes,
      whose: "trades an embed token, which the host's tenant must have signed, for a session",
    },
    renewSession: {
      method: "POST",
      path: "/v1/session/renew",
      host: "tenant",
      guard: "session",
      renews: true,
      rate: "payer",
      bodyBytes: KiB,
      whose: "the session whose key is proved, within its limits; nothing of the customer's",
    },
    listInvoices: {
      method: "GET",
      path: "/v1/invoices",
      host: "tenant",
      guard: "session",
      rate: "payer",
      whose: "the customer's own, narrowed by the token",
    },
    startPayment: {
      method: "POST",
      path: "/v1/payments",
      host: "tenant",
      guard: "session",
      rate: "payer",
      bodyBytes: edgeBodyBytes,
      whose: "the customer's own invoices",
      foreignIds: "not_found",
    },
    readPayment: {
      method: "GET",
      path: "/v1/payments/{id}",
      host: "tenant",
      guard: "session",
      rate: "payer",
      whose: "the customer's own",
      foreignIds: "not_found",
    },
    resumePayment: {
      method: "POST",
      path: "/v1/payments/{id}/resume",
      host: "tenant",
      guard: "session",
      rate: "payer",
      bodyBytes: edgeBodyBytes,
      whose: "the customer's own",
      foreignIds: "not_found",
    },
    listMethods: {
      method: "GET",
      path: "/v1/methods",
      host: "tenant",
      guard: "public",
      rate: "anybody",
      whose: "where the payment frames of the host's tenant are, with the keys that providers publish",
    },
    receiveWebhook: {
      method: "POST",
      path: "/webhooks/{provider}",
      host: "tenant",
      guard: "webhook",
      rate: "webhook",
      bodyBytes: edgeBodyBytes,
      whose: "the signature must be made with the host's tenant's webhook secret",
    },
    readTheme: {
      method: "GET",
      path: "/theme/{file}",
      host: "tenant",
      guard: "public",
      rate: "reader",
      whose: "style sheets of the host's tenant; no personal data",
    },
    readAsset: {
      method: "GET",
      path: "/v/{version}/{file}",
      host: "tenant",
      guard: "public",
      rate: "anybody",
      whose: "the form's scripts, the same for everybody",
      hidden: true,
    },
    readEmbedPage: {
      method: "GET",
      path: "/embed",
      host: "tenant",
      guard: "public",
      rate: "anybody",
      whose: "the page that holds the form; public settings of the host's tenant",
      hidden: true,
    },
    receiveReports: {
      method: "POST",
      path: "/reports",
      host: "tenant",
      guard: "public",
      rate: "anybody",
      bodyBytes: reportBytes,
      whose: "takes what a browser refused on a page of ours; nothing of who sent it is kept",
      hidden: true,
    },
    readPortalPage: {
      method: "GET",
      path: "/portal",
      host: "tenant",
      guard: "public",
      rate: "reader",
      whose: "the portal's one page; name and theme of the host's tenant",
      hidden: true,
    },
    readPortalIcon: {
      method: "GET",
      path: "/portal/icon.svg",
      host: "tenant",
      guard: "public",
      rate: "reader",
      whose: "the tenant's mark",
      hidden: true,
    },
    readPortalTheme: {
      method: "GET",
      path: "/portal/theme/{file}",
      host: "tenant",
      guard: "public",
      rate: "reader",
      whose: "the portal's colours, of the host's tenant",
      hidden: true,
    },
    readPortalAsset: {
      method: "GET",
      path: "/portal/assets/{file}",
      host: "tenant",
      guard: "public",
      rate: "anybody",
      whose: "the portal's scripts and styles, the same for everybody",
      hidden: true,
    },
    ...portalEdgeRows,
  },

  /**
   * What the edge asks of a server. All answer JSON and RFC 9457 problems; a tenant that lives at another server is
   * 421 `misdirected`, and nothing was done. Of these paths no other file spells one: see `serverPaths`.
   */
  server: {
    readHealth: { method: "GET", path: "/healthz", guard: "public", timeoutMs: soonMs },
    readReadiness: { method: "GET", path: "/readyz", guard: "public", timeoutMs: soonMs },
    /** → HostEntry: which tenant answers at a host name. `tenant_unknown`. */
    readHost: {
      method: "GET",
      path: "/internal/v1/hosts/{host}",
      guard: "internal",
      scope: "edge",
      timeoutMs: soonMs,
    },
    /** OpenSession → OpenedSession */
    openSession: {
      method: "POST",
      path: "/internal/v1/session",
      guard: "internal",
      scope: "session:open",
      bodyBytes: serverBodyBytes,
      timeoutMs: soonMs,
    },
    /** {} → RenewedSession */
    renewSession: {
      method: "POST",
      path: "/internal/v1/session/renew",
      guard: "internal",
      scope: "pay",
      bodyBytes: serverBodyBytes,
      timeoutMs: soonMs,
    },
    /** → InvoiceList */
    listInvoices: {
      method: "GET",
      path: "/internal/v1/invoices",
      guard: "internal",
      scope: "pay",
      timeoutMs: soonMs,
    },
    /** PaymentRequest → Payment: 201 new, 200 known */
    startPayment: {
      method: "POST",
      path: "/internal/v1/payments",
      guard: "internal",
      scope: "pay",
      bodyBytes: serverBodyBytes,
      timeoutMs: providerMs,
    },
    /** → Payment */
    readPayment: {
      method: "GET",
      path: "/internal/v1/payments/{id}",
      guard: "internal",
      scope: "pay",
      timeoutMs: soonMs,
    },
    /** {} → Payment */
    resumePayment: {
      method: "POST",
      path: "/internal/v1/payments/{id}/resume",
      guard: "internal",
      scope: "pay",
      bodyBytes: serverBodyBytes,
      timeoutMs: providerMs,
    },
    /** → text/css; `file` is `<hash>.css` */
    readTheme: {
      method: "GET",
      path: "/internal/v1/theme/{file}",
      guard: "internal",
      scope: "theme:read",
      timeoutMs: soonMs,
    },
    /** The bytes and headers of the news, as they came → 202 */
    receiveWebhook: {
      method: "POST",
      path: "/internal/v1/webhooks/{provider}",
      guard: "internal",
      scope: "webhook",
      bodyBytes: serverBodyBytes,
      timeoutMs: soonMs,
    },
    /** → PortalFace */
    readPortalFace: {
      method: "GET",
      path: "/internal/v1/portal/face",
      guard: "internal",
      scope: "portal:open",
      timeoutMs: soonMs,
    },
    /** Shapes by name in portal/shapes.ts. */
    ...portalServerRows,
  },
} as const satisfies {
  edge: Readonly<Record<string, EdgeRoute>>;
  server: Readonly<Record<string, ServerRoute>>;
};

export type EdgeRouteId = keyof typeof routes.edge;
export type ServerRouteId = keyof typeof routes.server;
/** One of the rows there are, where `EdgeRoute` is any there may be. */
export type EdgeRow = (typeof routes.edge)[EdgeRouteId];

/** Addresses by route id, such as `edgePaths.readPayment({ id })`. */
export const edgePaths = pathsOf(routes.edge);
export const serverPaths = pathsOf(routes.server);
