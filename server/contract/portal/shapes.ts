import { z } from "zod";
import { AmountMinor, Currency } from "../money.ts";
import { Locale } from "../session.ts";
import { Role } from "./permissions.ts";

/** What the portal's pages send and see. Amounts are minor units as digits, instants ISO 8601 in UTC. */

const Email = z.email().max(254);
const Name = z.string().trim().min(1).max(80);
const Instant = z.iso.datetime();

/** How the tenant shows itself before anybody has signed in. */
export const PortalFace = z
  .object({
    name: z.string(),
    locale: Locale,
    /** Of its published theme. */
    theme: z.object({ hash: z.string(), css: z.string(), primary: z.string(), onPrimary: z.string() }),
  })
  .meta({ id: "PortalFace" });
export type PortalFace = z.infer<typeof PortalFace>;

export const LoginStart = z
  .object({ email: Email, locale: Locale.default("en") })
  .strict()
  .meta({ id: "LoginStart" });
export type LoginStart = z.infer<typeof LoginStart>;

/** Six digits; blanks in between are a person's. */
const Code = z
  .string()
  .transform((typed) => typed.replaceAll(/[\s-]/g, ""))
  .pipe(z.string().regex(/^\d{6}$/, "six digits"));

/** The link's token, 256 bits in base64url. */
const LinkToken = z.string().regex(/^[\w-]{43}$/);

export const LoginFinish = z
  .union([z.object({ link: LinkToken }).strict(), z.object({ email: Email, code: Code }).strict()])
  .meta({ id: "LoginFinish" });
export type LoginFinish = z.infer<typeof LoginFinish>;

/** The same for everybody, whether somebody has the address or not. */
export const LoginStarted = z
  .object({
    /** How long code and link are good for. */
    expiresInS: z.number().int(),
  })
  .meta({ id: "LoginStarted" });
export type LoginStarted = z.infer<typeof LoginStarted>;

export const LoggedIn = z.object({ expiresInS: z.number().int() }).meta({ id: "LoggedIn" });
export type LoggedIn = z.infer<typeof LoggedIn>;

export const Me = z
  .object({
    user: z.object({ id: z.uuid(), email: z.string(), name: z.string(), role: Role }),
    seller: z.object({ name: z.string(), timeZone: z.string(), locale: Locale }),
    /** `payments.see` and the like: what the pages may offer. */
    permissions: z.array(z.string()),
    /** Until when what asks for a second proof is done without asking again; null: it asks. */
    steppedUpUntil: Instant.nullable(),
    /** Every change sends it as `x-csrf-token`. */
    csrfToken: z.string(),
  })
  .meta({ id: "Me" });
export type Me = z.infer<typeof Me>;
/** As the server answers it: the token for changes is the edge's. */
export const MeOfServer = Me.omit({ csrfToken: true });
export type MeOfServer = z.infer<typeof MeOfServer>;

export const Logout = z
  .object({
    /** All of the person's sessions, on every device. Default: this one. */
    everywhere: z.boolean().default(false),
  })
  .strict()
  .meta({ id: "Logout" });

export const Nothing = z.object({}).strict().meta({ id: "Nothing" });
export const StepUpFinish = z.object({ code: Code }).strict().meta({ id: "StepUpFinish" });

/** A state as it is stored: the seller sees what a payer is not told. */
export const PortalPaymentState = z
  .enum(["pending", "requires_action", "authorized", "captured", "declined", "failed", "conflicted"])
  .meta({ id: "PortalPaymentState" });
export type PortalPaymentState = z.infer<typeof PortalPaymentState>;

/** What the lists are narrowed to, and how far one has come. */
export const PaymentQuery = z
  .object({
    /** A payment's id, a receipt's or an invoice's number, a customer's id, or the beginning of its name. */
    q: z.string().trim().max(120).optional(),
    /** One or several, a comma between. */
    state: z
      .string()
      .transform((listed) => listed.split(","))
      .pipe(z.array(PortalPaymentState).max(7))
      .optional(),
    customer: z.string().max(120).optional(),
    currency: Currency.optional(),
    /** Calendar days of the seller, both included. */
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
    sort: z.enum(["newest", "oldest", "largest", "smallest"]).default("newest"),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    /** `next` of the answer before. */
    cursor: z.string().max(200).optional(),
  })
  .strict();
export type PaymentQuery = z.infer<typeof PaymentQuery>;

export const ListedPortalPayment = z
  .object({
    id: z.uuid(),
    state: PortalPaymentState,
    createdAt: Instant,
    customer: z.object({ id: z.string(), name: z.string() }),
    currency: Currency,
    totalMinor: AmountMinor,
    receiptNumber: z.string().nullable(),
    card: z.object({ brand: z.string(), last4: z.string() }).nullable(),
    /** How many invoices it pays, and the first one's number. */
    invoices: z.object({ count: z.number().int(), first: z.string() }),
    /** Posting to the ERP: `none` where there is nothing to post. */
    erp: z.enum(["none", "due", "done", "dead"]),
  })
  .meta({ id: "ListedPayment" });
export type ListedPortalPayment = z.infer<typeof ListedPortalPayment>;

export const PortalPayments = z
  .object({
    payments: z.array(ListedPortalPayment),
    /** For `cursor`; null: this was the last page. */
    next: z.string().nullable(),
  })
  .meta({ id: "PaymentPage" });
export type PortalPayments = z.infer<typeof PortalPayments>;

/** One thing that happened, with what proves it. */
export const TimelineStep = z
  .object({
    at: Instant,
    /** As in the audit log, `payment.captured`; of attempts and deliveries `attempt`, `erp_post`, `receipt_email`. */
    what: z.string(),
    /** Who did it, by name where it is a person; null: the platform. */
    by: z.string().nullable(),
    tone: z.enum(["neutral", "good", "bad", "waiting"]),
    /** Ids and causes in the words of who said them, such as a provider's reference. */
    evidence: z.array(z.object({ label: z.string(), value: z.string() })),
  })
  .meta({ id: "TimelineStep" });
export type TimelineStep = z.infer<typeof TimelineStep>;

export const PortalPayment = ListedPortalPayment.extend({
  amountMinor: AmountMinor,
  surchargeMinor: AmountMinor,
  capturedAt: Instant.nullable(),
  /** Why it was declined or has failed, as the provider said it. */
  reason: z.string().nullable(),
  lines: z.array(z.object({ invoiceId: z.string(), invoiceNumber: z.string(), amountMinor: AmountMinor })),
  timeline: z.array(TimelineStep),
  /** What a person can do about it; null: nothing is needed. */
  verb: z.string().nullable(),
}).meta({ id: "PortalPayment" });
export type PortalPayment = z.infer<typeof PortalPayment>;

export const Overview = z
  .object({
    /** The last so many days, by the seller's calendar, today included. */
    days: z.number().int(),
    currencies: z.array(
      z.object({
        currency: Currency,
        capturedMinor: AmountMinor,
        captured: z.number().int(),
        declined: z.number().int(),
        /** The oldest first; a day without a payment is there with zero. */
        series: z.array(
          z.object({ day: z.iso.date(), capturedMinor: AmountMinor, captured: z.number().int() }),
        ),
      }),
    ),
    /** Of all tries that ended, in parts of 1; null: none ended. */
    successRate: z.number().nullable(),
    /** From captured to booked in the ERP, half of them sooner, s; null: none was booked. */
    erpMedianS: z.number().nullable(),
    /** What waits for a person. */
    waiting: z.object({ conflicts: z.number().int(), deadLetters: z.number().int(), open: z.number().int() }),
    overdue: z.array(z.object({ currency: Currency, openMinor: AmountMinor, invoices: z.number().int() })),
  })
  .meta({ id: "Overview" });
export type Overview = z.infer<typeof Overview>;

export const Member = z
  .object({
    id: z.uuid(),
    email: z.string(),
    name: z.string(),
    role: Role,
    /** `invited`: has not signed in yet. */
    state: z.enum(["active", "invited"]),
    lastSeenAt: Instant.nullable(),
    invitedAt: Instant,
    /** It is who asks. */
    self: z.boolean(),
  })
  .meta({ id: "Member" });
export type Member = z.infer<typeof Member>;

export const Team = z.object({ members: z.array(Member) }).meta({ id: "Team" });
export type Team = z.infer<typeof Team>;

export const Invitation = z
  .object({ email: Email, name: Name, role: Role })
  .strict()
  .meta({ id: "Invitation" });
export type Invitation = z.infer<typeof Invitation>;

export const RoleChange = z.object({ role: Role }).strict().meta({ id: "RoleChange" });

/** What waits for a person, and why. */
export const InboxItem = z
  .object({
    /** Its own among all: `<kind>:<id>`. */
    key: z.string(),
    /**
     * `conflict`: the provider took what was not agreed. `unknown`: for long not known. `account_gone`: nobody can say any
     * more. `late_news`: it had ended, and there was news of it. `erp_post`, `receipt_email`: a delivery that was given up.
     * `invoice`, `email`: a record of the ERP's that cannot be used.
     */
    kind: z.enum([
      "conflict",
      "unknown",
      "account_gone",
      "late_news",
      "erp_post",
      "receipt_email",
      "invoice",
      "email",
    ]),
    since: Instant,
    customer: z.object({ id: z.string(), name: z.string() }),
    /** Null: it is about a record. */
    payment: z
      .object({
        id: z.uuid(),
        state: PortalPaymentState,
        currency: Currency,
        totalMinor: AmountMinor,
        receiptNumber: z.string().nullable(),
      })
      .nullable(),
    /** `conflict`: what the provider said it holds. The currency is the provider's word. */
    taken: z.object({ currency: z.string(), amountMinor: AmountMinor }).nullable(),
    /** The delivery that its verbs are about. */
    deliveryId: z.uuid().nullable(),
    /** The invoice's number, or the text in the e-mail field. */
    record: z.string().nullable(),
    /** As provider, ERP or mail server said it. */
    cause: z.string().nullable(),
    /** Those that end it; none: it is mended in the ERP. */
    verbs: z.array(z.enum(["resolve", "close", "decide", "replay", "finish"])),
  })
  .meta({ id: "InboxItem" });
export type InboxItem = z.infer<typeof InboxItem>;

export const Inbox = z
  .object({
    /** The oldest first. */
    items: z.array(InboxItem),
  })
  .meta({ id: "Inbox" });
export type Inbox = z.infer<typeof Inbox>;

/** For the audit log. */
const Reason = z.string().trim().min(1).max(500);
const ErpReference = z.string().trim().min(1).max(200);

export const ReasonGiven = z.object({ reason: Reason }).strict().meta({ id: "ReasonGiven" });

export const ConflictDecision = z
  .discriminatedUnion("decision", [
    z
      .object({
        decision: z.literal("paid"),
        reason: Reason,
        /** The ERP has it already, under this reference: it is not posted again. */
        erpRef: ErpReference.nullable().default(null),
      })
      .strict(),
    z
      .object({
        decision: z.literal("unpaid"),
        reason: Reason,
        /** The payer has the money back by other means: the provider is not asked to give it back. */
        givenBack: z.boolean().default(false),
      })
      .strict(),
  ])
  .meta({ id: "ConflictDecision" });

export const DeliveryFinish = z
  .object({
    reason: Reason,
    /** Of a payment that was booked by hand, and only of that: where the ERP has it. */
    erpRef: ErpReference.nullable().default(null),
  })
  .strict()
  .meta({ id: "DeliveryFinish" });

/** What a verb of the inbox did. */
export const InboxDone = z
  .object({
    done: z.enum(["asked", "closed", "decided", "replayed", "finished", "already"]),
    /** Of the payment now; null: the verb is not about it. */
    state: PortalPaymentState.nullable(),
    /** Why it is still not known. */
    cause: z.string().nullable(),
  })
  .meta({ id: "InboxDone" });
export type InboxDone = z.infer<typeof InboxDone>;
