import { createHash, randomBytes } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { failure } from "./errors.ts";

const tokenPath = "/services/rest/auth/oauth2/v1/token";
const algorithms = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Lifetime of an access token; the assertion may not live longer either. */
const lifetimeS = 3600;

export const Integration = z.object({
  clientId: z.string().min(1),
  certificateId: z.string().min(1),
  publicJwk: z.record(z.string(), z.unknown()),
});
export type Integration = z.infer<typeof Integration>;

/** Setup > Integration > OAuth 2.0 Client Credentials Setup: which certificate may sign for which client. */
export async function registerIntegration(sql: Sql, integration: Integration): Promise<void> {
  await sql`
    insert into erp.integrations (client_id, certificate_id, public_jwk)
    values (${integration.clientId}, ${integration.certificateId}, ${sql.json(integration.publicJwk as never)})
    on conflict (client_id, certificate_id) do update set public_jwk = excluded.public_jwk`;
}

/** The token endpoint (OAuth 2.0 client credentials with a signed assertion). */
export function tokenRoutes(sql: Sql): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .post(tokenPath, async (c) => {
      const form = await c.req.parseBody();
      if (form.grant_type !== "client_credentials") return refuse(c, 400, "unsupported_grant_type");
      if (form.client_assertion_type !== assertionType || typeof form.client_assertion !== "string") {
        return refuse(c, 400, "invalid_request");
      }
      const clientId = await verifyAssertion(sql, form.client_assertion, new URL(c.req.url));
      if (!clientId) return refuse(c, 401, "invalid_client");
      const token = randomBytes(48).toString("base64url");
      await sql`
        insert into erp.access_tokens (token, client_id, expires_at)
        values (${digest(token)}, ${clientId}, now() + make_interval(secs => ${lifetimeS}))`;
      return c.json({ access_token: token, expires_in: lifetimeS, token_type: "Bearer" });
    })
    .post("/demo/integrations", async (c) => {
      const integration = Integration.safeParse(await c.req.json().catch(() => null));
      if (!integration.success) return c.json({ error: z.prettifyError(integration.error) }, 400);
      await registerIntegration(sql, integration.data);
      return c.body(null, 204);
    })
    .post("/demo/expire-tokens", async (c) => {
      await sql`update erp.access_tokens set expires_at = now() - interval '1 second'`;
      return c.body(null, 204);
    });
}

/** Lets requests with a living access token through; all others get NetSuite's 401. */
export function bearer(sql: Sql): MiddlewareHandler<ErpEnv> {
  return async (c, next) => {
    const token = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const [known] = token
      ? await sql`select 1 from erp.access_tokens where token = ${digest(token)} and expires_at > now()`
      : [];
    if (known) return next();
    c.header("www-authenticate", 'Bearer realm="demo", error="invalid_token"');
    return failure(c, 401, {
      detail:
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > User Management > View Login Audit Trail.",
      code: "INVALID_LOGIN",
    });
  };
}

/** @returns the client id the assertion speaks for, null when anything about it is wrong. */
async function verifyAssertion(sql: Sql, assertion: string, url: URL): Promise<string | null> {
  try {
    const { kid, alg = "" } = decodeProtectedHeader(assertion);
    const issuer = JSON.parse(Buffer.from(assertion.split(".")[1] ?? "", "base64url").toString()).iss;
    const [integration] = await sql<{ public_jwk: JWK }[]>`
      select public_jwk from erp.integrations where client_id = ${String(issuer)} and certificate_id = ${String(kid)}`;
    if (!integration || !algorithms.includes(alg)) return null;
    const { payload } = await jwtVerify(assertion, await importJWK(integration.public_jwk, alg), {
      algorithms,
      typ: "JWT",
      issuer: String(issuer),
      audience: `${url.origin}${tokenPath}`,
      requiredClaims: ["iat", "exp", "scope"],
    });
    const { exp = 0, iat = 0, scope } = payload;
    const scopes = Array.isArray(scope) ? scope : String(scope).split(/[ ,]+/);
    if (exp - iat > lifetimeS || !scopes.includes("rest_webservices")) return null;
    return String(issuer);
  } catch {
    return null;
  }
}

/** OAuth errors come bare here, not in SuiteTalk's shape. */
const refuse = (c: Context, status: 400 | 401, error: string) => c.json({ error }, status);

const digest = (text: string) => createHash("sha256").update(text).digest("base64url");
