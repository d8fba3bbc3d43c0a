import type { InternalClaims } from "@clarity/server/contract";
import { readAddress } from "@clarity/server/contract/connections";
import type { EdgeContext, Home } from "../http/env.ts";

/** What an internal token says of a request beside its scope, which is the row's. */
export type Claims = Omit<InternalClaims, "scopes">;

/** Claims of a request that is no session's. */
export function claimsFor(of: {
  tenant: string | null;
  requestId: string;
  /** Who asks; not said: the edge itself. */
  address?: string;
}): Claims {
  const { tenant, requestId: rid, address } = of;
  return { tenant, sub: null, inv: null, locale: null, origin: null, rid, addr: readAddress(address ?? "") };
}

interface Asker {
  home: Home;
  claims: Claims;
  /** Before the server is asked; see `EdgeEnv`. */
  turn?: (() => Promise<() => void>) | undefined;
}

/** For a request to the tenant of its host, whoever sent it. */
export function ofTenant(c: EdgeContext): Asker {
  const tenant = c.get("host").tenant.id;
  const claims = claimsFor({ tenant, requestId: c.get("requestId"), address: c.get("address") });
  return { home: c.get("home"), claims, turn: c.get("turn") };
}

/** For a request of one of the tenant's own pages at this host; the server is told where those are. */
export function ofTenantPage(c: EdgeContext): Asker {
  const asked = ofTenant(c);
  return { ...asked, claims: { ...asked.claims, origin: c.get("origin") } };
}

/** For who is signed in to the portal. */
export function ofPortal(c: EdgeContext): Asker {
  const asked = ofTenantPage(c);
  return { ...asked, claims: { ...asked.claims, portal: c.get("portal").digest } };
}

/** For a session's. */
export function ofSession(c: EdgeContext): Asker {
  const { tenantId: tenant, subject: sub, invoices: inv, locale, embedKey, jkt } = c.get("access");
  const asked = claimsFor({ tenant, requestId: c.get("requestId"), address: c.get("address") });
  const key = embedKey === undefined ? {} : { key: embedKey };
  // A session is its browser's key: the same over renewals, and no other's.
  const claims = { ...asked, ...key, sub, inv, locale, origin: pageOrigin(c), sid: jkt };
  return { home: c.get("home"), claims };
}

/** Where the form stands: an origin that may embed it, else the edge's own framed page. */
function pageOrigin(c: EdgeContext): string {
  const origin = c.req.header("origin");
  return origin !== undefined && c.get("host").embedOrigins.includes(origin) ? origin : c.get("origin");
}
