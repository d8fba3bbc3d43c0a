import type { Context, Hono } from "hono";
import { internalPaths, OpenSession, PaymentId, PaymentRequest } from "../../contract/index.ts";
import { refused } from "../context/refusal.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { type ReadResult, readPayment } from "../payments/read-payment.ts";
import { resumePayment } from "../payments/resume-payment.ts";
import { startPayment } from "../payments/start-payment.ts";
import { findEmbedKey } from "../sessions/embed-keys.ts";
import type { Jwks } from "../sessions/jwks.ts";
import { openSession } from "../sessions/open-session.ts";
import { answerJson, answerRefused, readBody, type ServerEnv } from "./answers.ts";
import type { Doors } from "./entrance.ts";

/** What a payer's browser asks for, through the edge. */
export function addPayerRoutes(app: Hono<ServerEnv>, { doors, jwks }: { doors: Doors; jwks: Jwks }) {
  app.post(internalPaths.session, async (c) => {
    const { ctx, open } = await doors.enter(c, "session:open");
    const read = await readBody(c, OpenSession);
    if (read.kind === "refused") return answerRefused(c, read);
    const findKey = (id: string) => findEmbedKey({ ...open, id });
    const opened = await openSession({ ctx, input: { ...read.body, findKey, jwks } });
    if (opened.kind === "refused") return answerRefused(c, opened);
    return answerJson({ grant: opened.grant, view: opened.view });
  });

  app.get(internalPaths.invoices, async (c) => {
    const { ctx, customerId, allowedInvoices } = await doors.enterSession(c);
    const listed = await listInvoices({ ctx, input: { customerId, allowedInvoices } });
    return listed.kind === "refused" ? answerRefused(c, listed) : answerJson(listed.list);
  });

  app.post(internalPaths.payments, async (c) => {
    const { ctx, claims, customerId, allowedInvoices } = await doors.enterSession(c);
    const read = await readBody(c, PaymentRequest);
    if (read.kind === "refused") return answerRefused(c, read);
    const { origin: returnOrigin, locale, sid: session = null, ip: address = null } = claims;
    const payer = { customerId, allowedInvoices, session, address };
    const input = { request: read.body, ...payer, returnOrigin, locale: locale ?? "en" };
    const started = await startPayment({ ctx, input });
    if (started.kind === "refused") return answerRefused(c, started);
    return answerJson(started.payment, started.created ? 201 : 200);
  });

  for (const [method, path, verb] of [
    ["GET", "/internal/v1/payments/:id", readPayment],
    ["POST", "/internal/v1/payments/:id/resume", resumePayment],
  ] as const) {
    app.on(method, path, async (c) => {
      const { ctx, customerId, allowedInvoices } = await doors.enterSession(c);
      const id = PaymentId.safeParse(c.req.param("id"));
      // What is no id is nobody's payment.
      if (!id.success) return answerRefused(c, refused("not_found"));
      return answerPayment(
        c,
        await verb({ ctx, input: { paymentId: id.data, customerId, allowedInvoices } }),
      );
    });
  }
}

const answerPayment = (c: Context<ServerEnv>, result: ReadResult) =>
  result.kind === "refused" ? answerRefused(c, result) : answerJson(result.payment);
