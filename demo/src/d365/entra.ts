import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";

const Client = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(8) });
export type Client = z.infer<typeof Client>;

/** An app registration with a client secret. */
export async function registerClient(sql: Sql, client: Client): Promise<void> {
  await sql`
    insert into fo.clients values (${client.clientId}, ${digest(client.clientSecret)})
    on conflict (client_id) do update set secret_digest = excluded.secret_digest`;
}

/** `POST /{tenant}/oauth2/v2.0/token`: client credentials for `<this origin>/.default`, as Entra answers. */
export function entraRoutes(sql: Sql): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .post("/:tenant/oauth2/v2.0/token", async (c) => {
      const form = await c.req.parseBody();
      if (form.grant_type !== "client_credentials") {
        return refuse(c, 400, {
          error: "unsupported_grant_type",
          code: 70003,
          words: "The app requested an unsupported grant type.",
        });
      }
      const [client] = await sql<{ secret_digest: string }[]>`
        select secret_digest from fo.clients where client_id = ${String(form.client_id)}`;
      if (!client) {
        return refuse(c, 400, {
          error: "unauthorized_client",
          code: 700016,
          words: "Application was not found in the directory.",
        });
      }
      if (!same(client.secret_digest, digest(String(form.client_secret)))) {
        return refuse(c, 401, {
          error: "invalid_client",
          code: 7000215,
          words: "Invalid client secret provided.",
        });
      }
      if (form.scope !== `${new URL(c.req.url).origin}/.default`) {
        return refuse(c, 400, {
          error: "invalid_scope",
          code: 1002012,
          words: `The provided value for scope ${form.scope} is not valid.`,
        });
      }
      const token = randomBytes(48).toString("base64url");
      await sql`insert into fo.access_tokens values (${digest(token)}, now() + interval '3599 s')`;
      return c.json({ token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599, access_token: token });
    })
    .post("/demo/integrations", async (c) => {
      const client = Client.safeParse(await c.req.json().catch(() => null));
      if (!client.success) return c.json({ error: z.prettifyError(client.error) }, 400);
      await registerClient(sql, client.data);
      return c.body(null, 204);
    })
    .post("/demo/expire-tokens", async (c) => {
      await sql`update fo.access_tokens set expires_at = now() - interval '1 second'`;
      return c.body(null, 204);
    });
}

/** Lets requests with a living access token through; F&O refuses all others with an empty 401. */
export function bearer(sql: Sql): MiddlewareHandler<ErpEnv> {
  return async (c, next) => {
    const token = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    const [known] = token
      ? await sql`select 1 from fo.access_tokens where token = ${digest(token)} and expires_at > now()`
      : [];
    if (known) return next();
    return c.body(null, 401, { "www-authenticate": 'Bearer error="invalid_token"' });
  };
}

function refuse(
  c: Context,
  status: 400 | 401,
  why: { error: string; code: number; words: string },
): Response {
  return c.json(
    {
      error: why.error,
      error_description: `AADSTS${why.code}: ${why.words}`,
      error_codes: [why.code],
      timestamp: `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`,
      trace_id: randomUUID(),
      correlation_id: randomUUID(),
    },
    status,
  );
}

const digest = (text: string) => createHash("sha256").update(text).digest("base64url");

const same = (left: string, right: string) => timingSafeEqual(Buffer.from(left), Buffer.from(right));
