import {
  AuditQuery,
  AuditVerdict,
  ConflictDecision,
  CustomerQuery,
  DeliveryFinish,
  EntryAnswer,
  FlagChange,
  ForeignId,
  Inbox,
  InboxDone,
  Invitation,
  InvoiceEntry,
  InvoiceImport,
  InvoiceQuery,
  KeyRevocation,
  LoggedIn,
  LoginFinish,
  LoginStart,
  LoginStarted,
  Logout,
  MadePortalKey,
  Me,
  NewPortalKey,
  Nothing,
  Overview,
  PaymentQuery,
  PortalAudit,
  PortalCustomer,
  PortalCustomers,
  PortalEmbedKeys,
  PortalInvoice,
  PortalInvoices,
  PortalPayment,
  PortalPayments,
  type PortalRouteId,
  PortalSettings,
  ReasonGiven,
  RoleChange,
  SecretChange,
  SettingChange,
  StepUpFinish,
  Team,
} from "@clarity/server/contract";
import { z } from "zod";
import { answers, body, json, type Specs } from "../routes/spec.ts";

const idPath = z.object({ id: z.uuid() });
/** Of another system, or a person's. */
const foreignIdPath = z.object({ id: ForeignId });
const keyPath = z.object({ key: z.string().max(80) });

/** The portal's API, for the OpenAPI document and for what is let through. */
export const portalSpecs = {
  startPortalLogin: {
    summary: "Mail a link and a code to sign in to the portal",
    description: "The same answer for everybody, whether somebody has the address or not.",
    request: body(LoginStart),
    responses: answers({ 202: json(LoginStarted, "Mailed, should there be somebody.") }),
  },
  finishPortalLogin: {
    summary: "Sign in with the link's token or with the code",
    description: "Sets the session's cookie. A code works in any browser, a link once; a GET never signs in.",
    request: body(LoginFinish),
    responses: answers({ 200: json(LoggedIn, "Signed in.") }),
  },
  readPortalMe: {
    summary: "Who is signed in, what they may do, and the token for changes",
    responses: answers({ 200: json(Me, "The person.") }),
  },
  endPortalSession: {
    summary: "Sign out here, or everywhere",
    request: body(Logout),
    responses: answers({ 200: json(Nothing, "Signed out.") }),
  },
  startPortalStepUp: {
    summary: "Mail a code that proves who it is once more",
    request: body(Nothing),
    responses: answers({ 202: json(LoginStarted, "Mailed.") }),
  },
  finishPortalStepUp: {
    summary: "Prove who it is once more",
    request: body(StepUpFinish),
    responses: answers({ 200: json(Nothing, "Proved, for some minutes.") }),
  },
  readPortalOverview: {
    summary: "The last thirty days, and what waits",
    responses: answers({ 200: json(Overview, "Sums by currency.") }),
  },
  listPortalPayments: {
    summary: "The seller's payments, a page at a time",
    request: { query: PaymentQuery },
    responses: answers({ 200: json(PortalPayments, "Payments, and where the next page begins.") }),
  },
  readPortalPayment: {
    summary: "A payment with everything that happened to it",
    request: { params: idPath },
    responses: answers({ 200: json(PortalPayment, "The payment and its timeline.") }),
  },
  listPortalInbox: {
    summary: "What waits for a person",
    responses: answers({ 200: json(Inbox, "The oldest first.") }),
  },
  askAboutPortalPayment: {
    summary: "Ask the provider now what became of a payment",
    request: { params: idPath, ...body(ReasonGiven) },
    responses: answers({ 200: json(InboxDone, "What it is now.") }),
  },
  closePortalPayment: {
    summary: "End a payment whose provider account is gone",
    request: { params: idPath, ...body(ReasonGiven) },
    responses: answers({ 200: json(InboxDone, "It is closed.") }),
  },
  decidePortalPayment: {
    summary: "Decide a conflict",
    request: { params: idPath, ...body(ConflictDecision) },
    responses: answers({ 200: json(InboxDone, "It is decided.") }),
  },
  replayPortalDelivery: {
    summary: "Start a delivery again that was given up",
    request: { params: idPath, ...body(ReasonGiven) },
    responses: answers({ 200: json(InboxDone, "It is due again.") }),
  },
  finishPortalDelivery: {
    summary: "Say that a delivery that was given up was made by hand",
    request: { params: idPath, ...body(DeliveryFinish) },
    responses: answers({ 200: json(InboxDone, "Nothing is sent any more.") }),
  },
  listPortalInvoices: {
    summary: "The seller's invoices, a page at a time",
    request: { query: InvoiceQuery },
    responses: answers({ 200: json(PortalInvoices, "Invoices, and where the next page begins.") }),
  },
  readPortalInvoice: {
    summary: "An invoice with its payments",
    request: { params: foreignIdPath },
    responses: answers({ 200: json(PortalInvoice, "The invoice.") }),
  },
  enterPortalInvoice: {
    summary: "Enter an invoice, where there is no ERP; again, to change it",
    request: body(InvoiceEntry),
    responses: answers({ 200: json(EntryAnswer, "What was written, or what is wrong.") }),
  },
  importPortalInvoices: {
    summary: "Enter a file of invoices, all or none, or say what it would do",
    request: body(InvoiceImport),
    responses: answers({ 200: json(EntryAnswer, "What was or would be written, or what is wrong.") }),
  },
  listPortalCustomers: {
    summary: "The seller's customers, a page at a time",
    request: { query: CustomerQuery },
    responses: answers({ 200: json(PortalCustomers, "Customers, and where the next page begins.") }),
  },
  readPortalCustomer: {
    summary: "A customer with its invoices",
    request: { params: foreignIdPath },
    responses: answers({ 200: json(PortalCustomer, "The customer.") }),
  },
  listPortalTeam: {
    summary: "The seller's people",
    responses: answers({ 200: json(Team, "Everybody on the team.") }),
  },
  inviteToPortal: {
    summary: "Invite somebody",
    request: body(Invitation),
    responses: answers({ 201: json(Team, "The team, with them.") }),
  },
  changePortalRole: {
    summary: "Change what somebody is",
    request: { params: idPath, ...body(RoleChange) },
    responses: answers({ 200: json(Team, "The team now.") }),
  },
  removeFromPortal: {
    summary: "Remove somebody",
    request: { params: idPath },
    responses: answers({ 200: json(Team, "The team now.") }),
  },
  listPortalSettings: {
    summary: "The seller's settings and flags",
    description: "Of a secret that it is set and since when; its value is in no answer.",
    responses: answers({ 200: json(PortalSettings, "Every setting, and every flag that is theirs.") }),
  },
  changePortalSetting: {
    summary: "Change a setting, or take it back to its default",
    description: "`changed_meanwhile`: somebody else has, since `version` was read.",
    request: { params: keyPath, ...body(SettingChange) },
    responses: answers({ 200: json(PortalSettings, "All of them now.") }),
  },
  changePortalSecret: {
    summary: "Set a secret, or remove it",
    request: { params: keyPath, ...body(SecretChange) },
    responses: answers({ 200: json(PortalSettings, "All of them now.") }),
  },
  changePortalFlag: {
    summary: "Set a flag, or take it back to its default",
    request: { params: keyPath, ...body(FlagChange) },
    responses: answers({ 200: json(PortalSettings, "All of them now.") }),
  },
  listPortalEmbedKeys: {
    summary: "The keys that sign embed tokens",
    responses: answers({ 200: json(PortalEmbedKeys, "Revoked ones too, the newest first.") }),
  },
  addPortalEmbedKey: {
    summary: "Make or register a key that signs embed tokens",
    description: "A secret is made at the server and is in this answer alone.",
    request: body(NewPortalKey),
    responses: answers({ 201: json(MadePortalKey, "The key, and all of them now.") }),
  },
  revokePortalEmbedKey: {
    summary: "Revoke a key that signs embed tokens",
    request: { params: z.object({ id: z.string().max(64) }), ...body(KeyRevocation) },
    responses: answers({ 200: json(PortalEmbedKeys, "All of them now.") }),
  },
  listPortalAudit: {
    summary: "The audit log, a page at a time",
    request: { query: AuditQuery },
    responses: answers({ 200: json(PortalAudit, "Entries, and where the next page begins.") }),
  },
  verifyPortalAudit: {
    summary: "Compute the audit log's chain anew",
    request: body(Nothing),
    responses: answers({ 200: json(AuditVerdict, "Whether every entry is as it was written.") }),
  },
} satisfies Specs<PortalRouteId>;
