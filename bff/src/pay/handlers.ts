import type { EarlyMethods, Renewal, Session } from "@clarity/bff/contract";
import { OpenedSession, RenewedSession } from "@clarity/server/contract";
import type { Words } from "../assets/words.ts";
import { addHeaders, answerJson, passOn } from "../http/answer.ts";
import type { Handlers } from "../routes/spec.ts";
import type { AccessTokens } from "../tokens/access-token.ts";
import { ofSession, ofTenant } from "../upstream/claims.ts";
import type { Forwarder } from "../upstream/forward.ts";
import type { paySpecs } from "./specs.ts";

export interface PayOptions {
  forward: Forwarder;
  tokens: AccessTokens;
  words: Words;
}

/** The payer's API. Everything that decides about money is behind `forward`. */
export function payHandlers({
  forward,
  tokens,
  words,
}: PayOptions): Handlers<keyof typeof paySpecs, typeof paySpecs> {
  return {
    async openSession(c) {
      const { token, locales } = c.req.valid("json");
      const jkt = c.get("jkt");
      const input = jsonBody({ embedToken: token, locales, jkt });
      const opened = await forward({ to: "openSession", ...ofTenant(c), ...input });
      const { grant, view } = OpenedSession.parse(await opened.json());
      const { subject, invoices, keyId: embedKey, limits } = grant;
      const { locale } = view;
      const tenantId = c.get("host").tenant.id;
      const minted = await tokens.mint({ tenantId, subject, invoices, locale, embedKey, jkt, limits });
      const messages = await words(locale);
      const session: Session = { ...view, ...minted, tokenType: "DPoP", messages };
      return answerJson(c, session);
    },

    async renewSession(c) {
      const renewed = await forward({ to: "renewSession", ...ofSession(c), ...jsonBody({}) });
      const { limits } = RenewedSession.parse(await renewed.json());
      const access = c.get("access");
      const openedAtS = access.session?.openedAtS ?? 0;
      const minted = await tokens.mint({ ...access, limits, openedAtS });
      const renewal: Renewal = { ...minted, tokenType: "DPoP" };
      return answerJson(c, renewal);
    },

    async listInvoices(c) {
      return passOn(c, await forward({ to: "listInvoices", ...ofSession(c) }));
    },

    listMethods(c) {
      const known: EarlyMethods = { methods: c.get("host").methods };
      // Any page may know it, and a page that has it for a minute more than it holds waits for the session at worst.
      addHeaders(c, { "access-control-allow-origin": "*", "cache-control": "public, max-age=60" });
      return answerJson(c, known);
    },

    async startPayment(c) {
      const input = jsonBody(c.req.valid("json"));
      return passOn(c, await forward({ to: "startPayment", ...ofSession(c), ...input }));
    },

    async readPayment(c) {
      const params = c.req.valid("param");
      return passOn(c, await forward({ to: "readPayment", params, ...ofSession(c) }));
    },

    async resumePayment(c) {
      const params = c.req.valid("param");
      return passOn(c, await forward({ to: "resumePayment", params, ...ofSession(c), ...jsonBody({}) }));
    },
  };
}

const jsonBody = (value: unknown) => ({
  body: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});
