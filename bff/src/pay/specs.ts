import {
  EarlyMethods,
  InvoiceList,
  Payment,
  PaymentId,
  PaymentRequest,
  Renewal,
  Session,
  SessionRequest,
} from "@clarity/bff/contract";
import { z } from "zod";
import { answers, body, json, type Specs } from "../routes/spec.ts";

const paymentPath = { params: z.object({ id: PaymentId }) };

export const paySpecs = {
  openSession: {
    summary: "Trade an embed token for a session",
    description: "Needs a proof of the browser's key in `DPoP` (RFC 9449), without `ath`.",
    request: body(SessionRequest),
    responses: answers({ 200: json(Session, "Everything the first paint needs.") }),
  },
  renewSession: {
    summary: "Go on with a session",
    description:
      "By a proof of the session's key over its last access token, which may have run out, within the session's limits. " +
      "No embed token is spent, and the former access token stays good until its end: a lost answer is asked for again.",
    responses: answers({ 200: json(Renewal, "The session's next access token.") }),
  },
  listInvoices: {
    summary: "The customer's open invoices",
    responses: answers({ 200: json(InvoiceList, "Open invoices, the oldest due first.") }),
  },
  listMethods: {
    summary: "Where the payment frames are",
    description: "For the form to load them while the session is opened; the session's `methods` decide.",
    responses: answers({ 200: json(EarlyMethods, "Ways to pay.") }),
  },
  startPayment: {
    summary: "Pay invoices",
    description: "Safe to repeat: the same `id` with the same body is the same payment.",
    request: body(PaymentRequest),
    responses: answers({
      200: json(Payment, "Known already: its state now."),
      201: json(Payment, "Taken on; look at `state`."),
    }),
  },
  readPayment: {
    summary: "A payment's state",
    request: paymentPath,
    responses: answers({ 200: json(Payment, "Its state now.") }),
  },
  resumePayment: {
    summary: "Go on after the bank's challenge",
    request: paymentPath,
    responses: answers({ 200: json(Payment, "Its state now.") }),
  },
} satisfies Specs<
  | "openSession"
  | "renewSession"
  | "listInvoices"
  | "listMethods"
  | "startPayment"
  | "readPayment"
  | "resumePayment"
>;
