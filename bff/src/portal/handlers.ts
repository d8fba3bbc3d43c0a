import { LoggedIn, MeOfServer, type PortalRouteId, portalRows } from "@clarity/server/contract";
import { addHeaders, answerJson, passOn } from "../http/answer.ts";
import type { EdgeContext } from "../http/env.ts";
import type { Handlers } from "../routes/spec.ts";
import { ofPortal, ofTenantPage } from "../upstream/claims.ts";
import type { Forwarder } from "../upstream/forward.ts";
import { csrfTokenOf, endCookie, newSession, setCookie } from "./cookie.ts";

type Asked = Parameters<Forwarder>[0];

/**
 * The portal's API. All of it is decided by the server; what is here is what is the browser's: the cookie, and the token
 * that goes with it. Every other row is passed on as it is.
 */
export function portalHandlers({ forward }: { forward: Forwarder }): Handlers<PortalRouteId> {
  const passedOn = Object.fromEntries(
    Object.entries(portalRows).map(([id, row]) => [
      id,
      async (c: EdgeContext) => {
        const of = row.guard === "page" ? ofTenantPage(c) : ofPortal(c);
        // Rows and specs are made of one table: what a path names and a spec lets through is what the server's row takes.
        const asked = { to: id, params: c.req.param(), ...queryOf(c), ...(await bodyOf(c)), ...of };
        return passOn(c, await forward(asked as unknown as Asked));
      },
    ]),
  ) as unknown as Handlers<PortalRouteId>;

  return {
    ...passedOn,

    async finishPortalLogin(c) {
      const proof: unknown = await c.req.json();
      const { cookie, digest } = newSession();
      const userAgent = (c.req.header("user-agent") ?? "").slice(0, 500);
      const body = jsonBody({ proof, session: digest, userAgent });
      const answer = await forward({ to: "finishPortalLogin", ...body, ...ofTenantPage(c) });
      const { expiresInS } = LoggedIn.parse(await answer.json());
      addHeaders(c, { "set-cookie": setCookie(cookie, expiresInS) });
      return answerJson(c, { expiresInS });
    },

    async readPortalMe(c) {
      const answer = await forward({ to: "readPortalMe", ...ofPortal(c) });
      const me = MeOfServer.parse(await answer.json());
      return answerJson(c, { ...me, csrfToken: csrfTokenOf(c.get("portal").cookie) });
    },

    async endPortalSession(c) {
      const body = jsonBody(await c.req.json());
      const answer = await forward({ to: "endPortalSession", ...body, ...ofPortal(c) });
      addHeaders(c, { "set-cookie": endCookie });
      return passOn(c, answer);
    },
  };
}

const jsonBody = (value: unknown) => ({
  body: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});

async function bodyOf(c: EdgeContext) {
  if (c.req.method === "GET") return {};
  const text = await c.req.text();
  return text === "" ? {} : { body: text, headers: { "content-type": "application/json" } };
}

const queryOf = (c: EdgeContext) => ({ query: new URL(c.req.url).search });
