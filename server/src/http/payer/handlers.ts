import type { Context } from "hono";
import { OpenSession, PaymentId, PaymentRequest, refused } from "../../../contract/index.ts";
import { listInvoices } from "../../invoices/list-invoices.ts";
import { type ReadResult, readPayment } from "../../payments/read-payment.ts";
import { resumePayment } from "../../payments/resume-payment.ts";
import { startPayment } from "../../payments/start-payment.ts";
import { findEmbedKey } from "../../sessions/embed-keys.ts";
import type { Jwks } from "../../sessions/jwks.ts";
import { openSession } from "../../sessions/open-session.ts";
import { renewSession } from "../../sessions/renew-session.ts";
import { readTheme } from "../../themes/read-theme.ts";
import { answerJson, answerRefused, readBody, type ServerEnv } from "../answers.ts";
import type { AuthenticatedSession } from "../authenticate.ts";
import type { Handlers } from "../mount-routes.ts";

type C = Context<ServerEnv>;

/** What a payer's browser asks for, through the edge. */
export function payerHandlers({
  jwks,
}: {
  jwks: Jwks;
}): Handlers<
  | "openSession"
  | "renewSession"
  | "listInvoices"
  | "startPayment"
  | "readPayment"
  | "resumePayment"
  | "readTheme"
> {
  return {
    async openSession(c, { ctx, open }) {
      const read = await readBody(c, OpenSession);
      if (read.kind === "refused") return answerRefused(c, read);
      const findKey = (id: string) => findEmbedKey({ ...open, id, evenRevoked: true });
      const opened = await openSession({ ctx, input: { ...read.body, findKey, jwks } });
      if (opened.kind === "refused") return answerRefused(c, opened);
      return answerJson({ grant: opened.grant, view: opened.view });
    },

    async renewSession(c, { ctx, customerId }) {
      const renewed = await renewSession({ ctx, input: { customerId } });
      return renewed.kind === "refused" ? answerRefused(c, renewed) : answerJson({ limits: renewed.limits });
    },

    async listInvoices(c, { ctx, customerId, allowedInvoices }) {
      const listed = await listInvoices({ ctx, input: { customerId, allowedInvoices } });
      return listed.kind === "refused" ? answerRefused(c, listed) : answerJson(listed.list);
    },

    async startPayment(c, { ctx, claims, customerId, allowedInvoices }) {
      const read = await readBody(c, PaymentRequest);
      if (read.kind === "refused") return answerRefused(c, read);
      const { origin: returnOrigin, locale, sid: session = null, addr: address } = claims;
      const payer = { customerId, allowedInvoices, session, address };
      const input = { request: read.body, ...payer, returnOrigin, locale: locale ?? "en" };
      const started = await startPayment({ ctx, input });
      if (started.kind === "refused") return answerRefused(c, started);
      return answerJson(started.payment, started.created ? 201 : 200);
    },

    readPayment: (c, session) => answerPayment(c, session, readPayment),
    resumePayment: (c, session) => answerPayment(c, session, resumePayment),

    async readTheme(c, { ctx }) {
      const hash = c.req.param("file").replace(/\.css$/, "");
      const found = await readTheme({ ctx, input: { hash } });
      if (found.kind === "refused") return answerRefused(c, found);
      return c.body(found.css, 200, { "content-type": "text/css; charset=utf-8" });
    },
  };
}

async function answerPayment(
  c: C,
  { ctx, customerId, allowedInvoices }: AuthenticatedSession,
  verb: (call: Parameters<typeof readPayment>[0]) => Promise<ReadResult>,
): Promise<Response> {
  const id = PaymentId.safeParse(c.req.param("id"));
  // What is no id is nobody's payment.
  if (!id.success) return answerRefused(c, refused("not_found"));
  const result = await verb({ ctx, input: { paymentId: id.data, customerId, allowedInvoices } });
  return result.kind === "refused" ? answerRefused(c, result) : answerJson(result.payment);
}
