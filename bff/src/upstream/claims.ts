import type { InternalClaims } from "@clarity/server/contract";
import type { EdgeContext, Home } from "../http/env.ts";

/** What an internal token says of a request beside its scope, which is the row's. */
export type Claims = Omit<InternalClaims, "scopes">;

/** Claims of a request that is no session's. */
export function claimsFor({ tenant, requestId }: { tenant: string | null; requestId: string }): Claims {
  return { tenant, sub: null, inv: null, locale: null, origin: null, rid: requestId };
}

interface Asker {
  home: Home;
  claims: Claims;
}

/** For a request to the tenant of its host, whoever sent it. */
export function ofTenant(c: EdgeContext): Asker {
  const tenant = c.get("host").tenant.id;
  return { home: c.get("home"), claims: claimsFor({ tenant, requestId: c.get("requestId") }) };
}

/** For a session's. */
export function ofSession(c: EdgeContext): Asker {
  const { tenantId: tenant, subject: sub, invoices: inv, locale, embedKey } = c.get("access");
  const key = embedKey === undefined ? {} : { key: embedKey };
  const claims = { tenant, sub, inv, locale, origin: pageOrigin(c), rid: c.get("requestId"), ...key };
  return { home: c.get("home"), claims };
}

/** Where the form stands: an origin that may embed it, else the edge's own framed page. */
function pageOrigin(c: EdgeContext): string {
  const origin = c.req.header("origin");
  return origin !== undefined && c.get("host").embedOrigins.includes(origin) ? origin : c.get("origin");
}
