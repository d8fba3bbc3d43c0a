import type { Session } from "@clarity/bff/contract";
import { type InternalClaims, internalPaths, OpenedSession } from "@clarity/server/contract";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Words } from "../assets/words.ts";
import { answerJson, type EdgeContext, type EdgeEnv, passOn } from "../request.ts";
import { type AccessTokens, accessTokenLifeS } from "../tokens/access-token.ts";
import { claimsFor, type Forwarder, type Route } from "../upstream.ts";
import { listInvoices, openSession, readPayment, resumePayment, startPayment } from "./routes.ts";

export interface PayOptions {
  forward: Forwarder;
  tokens: AccessTokens;
  words: Words;
}

/** The payer's API. Everything that decides about money is behind `forward`. */
export function addPayRoutes(app: OpenAPIHono<EdgeEnv>, options: PayOptions) {
  const { forward } = options;

  app.openapi(openSession, async (c) => {
    const host = c.get("host");
    const requestId = c.get("requestId");
    const jkt = c.get("jkt");
    const { token, locales } = c.req.valid("json");
    const opened = await forward({
      method: "POST",
      path: internalPaths.session,
      route: c.get("route"),
      claims: claimsFor("session:open", { tenant: host.tenant.id, requestId }),
      ...jsonBody({ embedToken: token, locales, jkt }),
    });
    const { grant, view } = OpenedSession.parse(await opened.json());
    const { subject, invoices } = grant;
    const { locale } = view;
    const accessToken = await options.tokens.mint({
      tenantId: host.tenant.id,
      subject,
      invoices,
      locale,
      jkt,
    });
    const messages = await options.words(locale);
    const expiresInS = accessTokenLifeS;
    const session: Session = { ...view, accessToken, tokenType: "DPoP", expiresInS, messages };
    return answerJson(c, session);
  });

  app.openapi(listInvoices, async (c) =>
    passOn(c, await forward({ ...ofSession(c), method: "GET", path: internalPaths.invoices })),
  );

  app.openapi(startPayment, async (c) =>
    passOn(
      c,
      await forward({
        ...ofSession(c),
        method: "POST",
        path: internalPaths.payments,
        ...jsonBody(c.req.valid("json")),
      }),
    ),
  );

  app.openapi(readPayment, async (c) => {
    const { id } = c.req.valid("param");
    return passOn(c, await forward({ ...ofSession(c), method: "GET", path: internalPaths.payment(id) }));
  });

  app.openapi(resumePayment, async (c) => {
    const { id } = c.req.valid("param");
    const path = internalPaths.resume(id);
    return passOn(c, await forward({ ...ofSession(c), method: "POST", path, ...jsonBody({}) }));
  });
}

function ofSession(c: EdgeContext): { route: Route; claims: InternalClaims } {
  const access = c.get("access");
  const requestId = c.get("requestId");
  const { tenantId: tenant, subject: sub, invoices: inv, locale } = access;
  const origin = pageOrigin(c);
  return {
    route: c.get("route"),
    claims: { tenant, sub, inv, locale, origin, scopes: ["pay"], rid: requestId },
  };
}

/** Where the form stands: an origin that may embed it, else the edge's own `/embed`. */
function pageOrigin(c: EdgeContext): string {
  const origin = c.req.header("origin");
  return origin !== undefined && c.get("host").embedOrigins.includes(origin) ? origin : c.get("origin");
}

const jsonBody = (value: unknown) => ({
  body: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});
