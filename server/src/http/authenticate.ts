import type { Context as HonoContext } from "hono";
import { type InternalClaims, may, type Permission, refused, sharedAudience } from "../../contract/index.ts";
import type { Actor } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import type { MakeContext } from "../context/context-factory.ts";
import type { Registry } from "../registry/registry.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { requireKeyInUse } from "../sessions/keys-in-use.ts";
import { TenantElsewhere } from "../tenant/errors.ts";
import type { OpenTenant, Tenants } from "../tenant/tenants.ts";
import { findSession, type PortalSession } from "../users/find-session.ts";
import type { ServerEnv } from "./answers.ts";
import { createBulkhead } from "./bulkhead.ts";
import { type InternalTokenCheck, NotFromEdge, type Presented, type Scope } from "./internal-token.ts";
import { UserRefused } from "./user-refused.ts";

type C = HonoContext<ServerEnv>;

/** A tenant in hand, for one request. */
export interface Authenticated {
  claims: InternalClaims;
  open: OpenTenant;
  ctx: Context;
}

/** A session's customer, and what they may touch. */
export interface AuthenticatedSession extends Authenticated {
  customerId: string;
  /** Invoice ids the session is limited to; null: all of the customer's. */
  allowedInvoices: readonly string[] | null;
}

/** A person of the tenant's, and the session they have. */
export interface AuthenticatedUser extends Authenticated {
  session: PortalSession;
}

export interface Authenticator {
  /** For the edge itself, which asks about no tenant it would name. @throws NotFromEdge */
  authenticateEdge(c: C): Promise<InternalClaims>;
  /** Opens the tenant the token names, and only that one. @throws NotFromEdge, TenantElsewhere, TenancyError */
  authenticate(c: C, scope: Scope): Promise<Authenticated>;
  /** As `authenticate` with scope `pay`, for a session's customer. @throws SessionEnded */
  authenticateSession(c: C): Promise<AuthenticatedSession>;
  /**
   * As `authenticate` with scope `portal`, for who is signed in, may do what the row needs, and has proved lately who
   * they are where it asks for that.
   *
   * @throws UserRefused `token_invalid`, `scope_missing`, `step_up_needed`
   */
  authenticateUser(c: C, row: { needs: Permission | null; steppedUp: boolean }): Promise<AuthenticatedUser>;
}

export function createAuthenticator(options: {
  check: InternalTokenCheck;
  registry: Pick<Registry, "findById">;
  tenants: Tenants;
  makeContext: MakeContext;
  /** This server's name. */
  audience: string;
}): Authenticator {
  const { check, registry, tenants, makeContext, audience } = options;
  const bulkhead = createBulkhead();

  async function authenticate(c: C, scope: Scope): Promise<Authenticated> {
    const claims = await check(presented(c), scope);
    c.set("requestId", claims.rid);
    if (claims.tenant === null) throw new NotFromEdge("without a tenant");
    c.set("tenant", { id: claims.tenant });
    const open = await tenants.open(claims.tenant).catch(async (error) => {
      const found = await nameTenant(c, claims.tenant);
      // Whether this code could open it is no matter here.
      if (found) refuseElsewhere(found);
      throw error;
    });
    c.set("tenant", open.tenant);
    refuseElsewhere(open.record);
    c.set("leave", bulkhead.enter(open.record));
    const actor: Actor = claims.sub === null ? { kind: "edge" } : { kind: "customer", id: claims.sub };
    return { claims, open, ctx: makeContext(open, { actor, requestId: claims.rid }) };
  }

  /** Isolation, layer 4 again: a tenant is served by the instance the registry names, by no other. */
  function refuseElsewhere({ upstream }: TenantRecord): void {
    const home = upstream ?? sharedAudience;
    if (home !== audience) throw new TenantElsewhere(`the tenant lives at ${home}`);
  }

  /** A tenant that is not opened has a name all the same, for the log. */
  async function nameTenant(c: C, id: string | null): Promise<TenantRecord | null> {
    const found = id === null ? null : await registry.findById(id).catch(() => null);
    if (found) c.set("tenant", { id: found.id, slug: found.slug });
    return found;
  }

  return {
    async authenticateEdge(c) {
      const claims = await check(presented(c), "edge");
      c.set("requestId", claims.rid);
      return claims;
    },
    authenticate,
    async authenticateSession(c) {
      const authenticated = await authenticate(c, "pay");
      const { sub: customerId, inv: allowedInvoices } = authenticated.claims;
      if (customerId === null) throw new NotFromEdge("without a customer");
      const { key } = authenticated.claims;
      if (key !== undefined) await requireKeyInUse({ db: authenticated.open.db, id: key });
      return { ...authenticated, customerId, allowedInvoices };
    },
    async authenticateUser(c, { needs, steppedUp }) {
      const { claims, open, ctx: asking } = await authenticate(c, "portal");
      if (claims.portal === undefined) throw new NotFromEdge("without a portal's session");
      const digest = Buffer.from(claims.portal, "base64url");
      const session = await findSession({ ctx: asking, input: { digest } });
      if (!session) throw new UserRefused(refused("token_invalid"));
      const { id, name, role } = session.user;
      if (needs !== null && !may(role, needs)) throw new UserRefused(refused("scope_missing"));
      if (steppedUp && !session.steppedUpUntil) throw new UserRefused(refused("step_up_needed"));
      const actor: Actor = { kind: "user", id, name, role };
      return { claims, open, ctx: makeContext(open, { actor, requestId: claims.rid }), session };
    },
  };
}

/** Handlers read the body after this; Hono keeps it. */
const presented = (c: C): Presented => ({
  authorization: c.req.header("authorization"),
  method: c.req.method,
  url: c.req.url,
  body: () => (c.req.raw.body === null ? undefined : c.req.arrayBuffer()),
});
