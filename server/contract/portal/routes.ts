import type { ErrorCode } from "../errors.ts";
import type { Permission } from "./permissions.ts";

/**
 * The portal's API, a row a route: edge and server have the same ones, `/portal/v1…` and `/internal/v1/portal…`. What
 * stands here is checked at the server, which has the session; the edge passes on.
 */
export interface PortalRoute {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Behind both prefixes. */
  path: `/${string}`;
  /**
   * `page`: whoever sends from a page of the tenant's own host, signed in or not. `user`: whoever is signed in, and, where
   * something changes, sends the page's token.
   */
  guard: "page" | "user";
  /** What the person's role must hold; null: being signed in. */
  needs?: Permission | null;
  /** A second proof, not older than some minutes: for roles, secrets and money. */
  steppedUp?: true;
  /** Default `timeoutMs`; more where a provider or an ERP is asked meanwhile. */
  timeoutMs?: number;
  whose: string;
  /** See `EdgeRoute`. */
  foreignIds?: ErrorCode;
  /** What it takes at most, bytes, where that is more than a form. */
  fileBytes?: number;
}

/** Longer than a person's verb asks a provider and an ERP. */
const askedTimeoutMs = 25_000;

export const portalRows = {
  startPortalLogin: {
    method: "POST",
    path: "/login",
    guard: "page",
    whose: "mails a link and a code to the person, should there be one; the answer is the same",
  },
  finishPortalLogin: {
    method: "POST",
    path: "/login/finish",
    guard: "page",
    whose: "trades a link or a code, of this tenant's and not used before, for a session",
  },
  readPortalMe: {
    method: "GET",
    path: "/me",
    guard: "user",
    needs: null,
    whose: "the person's own",
  },
  endPortalSession: {
    method: "POST",
    path: "/logout",
    guard: "user",
    needs: null,
    whose: "the person's own",
    foreignIds: "not_found",
  },
  startPortalStepUp: {
    method: "POST",
    path: "/step-up",
    guard: "user",
    needs: null,
    whose: "mails a code to the person",
    foreignIds: "not_found",
  },
  finishPortalStepUp: {
    method: "POST",
    path: "/step-up/finish",
    guard: "user",
    needs: null,
    whose: "the person's own session",
    foreignIds: "not_found",
  },
  readPortalOverview: {
    method: "GET",
    path: "/overview",
    guard: "user",
    needs: "overview.see",
    whose: "sums of the host's tenant",
  },
  listPortalPayments: {
    method: "GET",
    path: "/payments",
    guard: "user",
    needs: "payments.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  readPortalPayment: {
    method: "GET",
    path: "/payments/{id}",
    guard: "user",
    needs: "payments.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  listPortalInbox: {
    method: "GET",
    path: "/inbox",
    guard: "user",
    needs: "inbox.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  askAboutPortalPayment: {
    method: "POST",
    path: "/inbox/payments/{id}/resolve",
    guard: "user",
    needs: "inbox.act",
    timeoutMs: askedTimeoutMs,
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  closePortalPayment: {
    method: "POST",
    path: "/inbox/payments/{id}/close",
    guard: "user",
    needs: "inbox.act",
    timeoutMs: askedTimeoutMs,
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  decidePortalPayment: {
    method: "POST",
    path: "/inbox/payments/{id}/decide",
    guard: "user",
    needs: "inbox.act",
    steppedUp: true,
    timeoutMs: askedTimeoutMs,
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  replayPortalDelivery: {
    method: "POST",
    path: "/inbox/deliveries/{id}/replay",
    guard: "user",
    needs: "inbox.act",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  finishPortalDelivery: {
    method: "POST",
    path: "/inbox/deliveries/{id}/finish",
    guard: "user",
    needs: "inbox.act",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  listPortalInvoices: {
    method: "GET",
    path: "/invoices",
    guard: "user",
    needs: "invoices.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  readPortalInvoice: {
    method: "GET",
    path: "/invoices/{id}",
    guard: "user",
    needs: "invoices.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  enterPortalInvoice: {
    method: "POST",
    path: "/invoices",
    guard: "user",
    needs: "invoices.change",
    whose: "enters one of the host's tenant's",
    foreignIds: "not_found",
  },
  importPortalInvoices: {
    method: "POST",
    path: "/invoice-import",
    guard: "user",
    needs: "invoices.change",
    whose: "enters a file of the host's tenant's",
    foreignIds: "not_found",
    fileBytes: 7_100_000,
  },
  listPortalCustomers: {
    method: "GET",
    path: "/customers",
    guard: "user",
    needs: "customers.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  readPortalCustomer: {
    method: "GET",
    path: "/customers/{id}",
    guard: "user",
    needs: "customers.see",
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  listPortalTeam: {
    method: "GET",
    path: "/team",
    guard: "user",
    needs: "team.see",
    whose: "the host's tenant's people",
  },
  inviteToPortal: {
    method: "POST",
    path: "/team",
    guard: "user",
    needs: "team.change",
    steppedUp: true,
    whose: "adds to the host's tenant's people",
    foreignIds: "not_found",
  },
  changePortalRole: {
    method: "PUT",
    path: "/team/{id}",
    guard: "user",
    needs: "team.change",
    steppedUp: true,
    whose: "the host's tenant's people",
    foreignIds: "not_found",
  },
  removeFromPortal: {
    method: "DELETE",
    path: "/team/{id}",
    guard: "user",
    needs: "team.change",
    steppedUp: true,
    whose: "the host's tenant's people",
    foreignIds: "not_found",
  },
  listPortalSettings: {
    method: "GET",
    path: "/settings",
    guard: "user",
    needs: "settings.see",
    whose: "the host's tenant's; of a secret that it is set",
  },
  changePortalSetting: {
    method: "PUT",
    path: "/settings/{key}",
    guard: "user",
    needs: "settings.change",
    whose: "the host's tenant's; no secret",
    foreignIds: "not_found",
  },
  changePortalSecret: {
    method: "PUT",
    path: "/secrets/{key}",
    guard: "user",
    needs: "secrets.change",
    steppedUp: true,
    whose: "the host's tenant's; goes in and never comes out",
    foreignIds: "not_found",
  },
  changePortalFlag: {
    method: "PUT",
    path: "/flags/{key}",
    guard: "user",
    needs: "settings.change",
    whose: "the host's tenant's own value of a flag that is its to set",
    foreignIds: "not_found",
  },
  listPortalEmbedKeys: {
    method: "GET",
    path: "/embed-keys",
    guard: "user",
    needs: "settings.see",
    whose: "the host's tenant's; of a secret that there is one",
  },
  addPortalEmbedKey: {
    method: "POST",
    path: "/embed-keys",
    guard: "user",
    needs: "secrets.change",
    steppedUp: true,
    whose: "adds to the host's tenant's; its secret is said this once",
    foreignIds: "not_found",
  },
  revokePortalEmbedKey: {
    method: "POST",
    path: "/embed-keys/{id}/revoke",
    guard: "user",
    needs: "secrets.change",
    steppedUp: true,
    whose: "the host's tenant's",
    foreignIds: "not_found",
  },
  listPortalAudit: {
    method: "GET",
    path: "/audit",
    guard: "user",
    needs: "audit.see",
    whose: "the host's tenant's log",
    foreignIds: "not_found",
  },
  verifyPortalAudit: {
    method: "POST",
    path: "/audit/verify",
    guard: "user",
    needs: "audit.see",
    whose: "reads all of the host's tenant's log, and changes nothing",
    foreignIds: "not_found",
  },
} as const satisfies Readonly<Record<string, PortalRoute>>;

type Rows = typeof portalRows;
export type PortalRouteId = keyof Rows;
export type PortalUserId = {
  [Id in PortalRouteId]: Rows[Id] extends { guard: "user" } ? Id : never;
}[PortalRouteId];

/** What a page sends at most, bytes: forms; files have rows of their own. */
const bodyBytes = 64 * 1024;
/** More than the edge passes on, so that the edge's own refusal is the one a browser sees. */
const serverBodyBytes = 2 * bodyBytes;
const timeoutMs = 10_000;

type Body<Row> = Row extends { method: "GET" } ? unknown : { bodyBytes: number };
type Foreign<Row> = Row extends { foreignIds: infer Code } ? { foreignIds: Code } : unknown;
type Guarded<Row> = Row extends { guard: "page" }
  ? { guard: "page"; rate: "login" }
  : { guard: "user"; rate: "user" };
type EdgeRowOf<Row extends PortalRoute> = {
  method: Row["method"];
  path: `/portal/v1${Row["path"]}`;
  host: "tenant";
  whose: string;
} & Guarded<Row> &
  Body<Row> &
  Foreign<Row>;
type ServerRowOf<Row extends PortalRoute> = {
  method: Row["method"];
  path: `/internal/v1/portal${Row["path"]}`;
  guard: "internal";
  scope: Row extends { guard: "page" } ? "portal:open" : "portal";
  needs: Permission | null;
  steppedUp: boolean;
  timeoutMs: number;
} & Body<Row>;

/** Each row at the edge. */
export const portalEdgeRows = made((row) => ({
  method: row.method,
  path: `/portal/v1${row.path}`,
  host: "tenant",
  guard: row.guard,
  rate: row.guard === "page" ? "login" : "user",
  whose: row.whose,
  ...(row.method !== "GET" && { bodyBytes: row.fileBytes ?? bodyBytes }),
  ...(row.foreignIds !== undefined && { foreignIds: row.foreignIds }),
})) as { readonly [Id in PortalRouteId]: EdgeRowOf<Rows[Id]> };

/** Each row at the server. */
export const portalServerRows = made((row) => ({
  method: row.method,
  path: `/internal/v1/portal${row.path}`,
  guard: "internal",
  scope: row.guard === "page" ? "portal:open" : "portal",
  needs: row.needs ?? null,
  steppedUp: row.steppedUp ?? false,
  timeoutMs: row.timeoutMs ?? timeoutMs,
  ...(row.method !== "GET" && { bodyBytes: row.fileBytes ? 2 * row.fileBytes : serverBodyBytes }),
})) as { readonly [Id in PortalRouteId]: ServerRowOf<Rows[Id]> };

function made(of: (row: PortalRoute) => object): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries<PortalRoute>(portalRows).map(([id, row]) => [id, of(row)]));
}
