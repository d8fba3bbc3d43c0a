import {
  InvoiceList,
  Payment,
  PaymentId,
  PaymentRequest,
  Problem,
  Session,
  SessionRequest,
} from "@clarity/bff/contract";
import { createRoute, type RouteConfig } from "@hono/zod-openapi";
import { z } from "zod";

/** The session's access token (`Authorization: DPoP …`) with a proof of its key in `DPoP`. */
const session = [{ session: [] }];

/** What every route may answer beside its own: problem documents, and a loosened type so that the server's JSON passes through. */
function answers(own: RouteConfig["responses"]): RouteConfig["responses"] {
  const problem = { "application/problem+json": { schema: Problem } };
  return {
    ...own,
    default: { description: "A problem document (RFC 9457); `code` is stable.", content: problem },
  };
}

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { "application/json": { schema } } },
});

const paymentPath = { params: z.object({ id: PaymentId }) };

export const openSession = createRoute({
  method: "post",
  path: "/v1/session",
  summary: "Trade an embed token for a session",
  description: "Needs a proof of the browser's key in `DPoP` (RFC 9449), without `ath`.",
  request: body(SessionRequest),
  responses: answers({ 200: json(Session, "Everything the first paint needs.") }),
});

export const listInvoices = createRoute({
  method: "get",
  path: "/v1/invoices",
  summary: "The customer's open invoices",
  security: session,
  responses: answers({ 200: json(InvoiceList, "Open invoices, the oldest due first.") }),
});

export const startPayment = createRoute({
  method: "post",
  path: "/v1/payments",
  summary: "Pay invoices",
  description: "Safe to repeat: the same `id` with the same body is the same payment.",
  security: session,
  request: body(PaymentRequest),
  responses: answers({
    200: json(Payment, "Known already: its state now."),
    201: json(Payment, "Taken on; look at `state`."),
  }),
});

export const readPayment = createRoute({
  method: "get",
  path: "/v1/payments/{id}",
  summary: "A payment's state",
  security: session,
  request: paymentPath,
  responses: answers({ 200: json(Payment, "Its state now.") }),
});

export const resumePayment = createRoute({
  method: "post",
  path: "/v1/payments/{id}/resume",
  summary: "Go on after the bank's challenge",
  security: session,
  request: paymentPath,
  responses: answers({ 200: json(Payment, "Its state now.") }),
});

export const readTheme = createRoute({
  method: "get",
  path: "/theme/{file}",
  summary: "A theme's style sheet, immutable",
  request: { params: z.object({ file: z.string().regex(/^[A-Za-z0-9_-]{8,64}\.css$/) }) },
  responses: answers({ 200: { description: "CSS", content: { "text/css": { schema: z.string() } } } }),
});

export const receiveWebhook = createRoute({
  method: "post",
  path: "/webhooks/{provider}",
  summary: "News from a payment provider, signed by it",
  request: { params: z.object({ provider: z.string().regex(/^[a-z0-9-]{1,40}$/) }) },
  responses: answers({ 202: { description: "Stored." } }),
});

const health = { content: { "application/json": { schema: z.object({ status: z.literal("ok") }) } } };

export const readHealth = createRoute({
  method: "get",
  path: "/healthz",
  summary: "The process is alive",
  responses: answers({ 200: { description: "Alive.", ...health } }),
});

/** `degraded`: the shared servers do not answer, tenants' own instances do. */
const Readiness = z.object({
  status: z.enum(["ok", "degraded"]),
  checks: z.object({ process: z.literal("ok"), servers: z.enum(["ok", "unreachable"]) }),
});

export const readReadiness = createRoute({
  method: "get",
  path: "/readyz",
  summary: "Requests can be served: a server behind answers",
  responses: answers({ 200: json(Readiness, "Ready.") }),
});
