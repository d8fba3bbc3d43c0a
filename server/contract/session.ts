import { z } from "zod";
import { AmountMinor, Currency } from "./money.ts";
import { Payment } from "./payment.ts";

/** Languages the form speaks. BCP 47 primary tags. */
export const Locale = z.enum(["en", "es", "fr", "de", "ar"]).meta({ id: "Locale" });
export type Locale = z.infer<typeof Locale>;

export const Invoice = z
  .object({
    /** The ERP's own internal id; opaque here. */
    id: z.string().min(1).max(120),
    /** What the customer knows it by, such as `INV-10042`. */
    number: z.string(),
    currency: Currency,
    totalMinor: AmountMinor,
    /** Still owed in the ERP. */
    openMinor: AmountMinor,
    /** What may be paid now: owed, less what payments under way already hold. */
    payableMinor: AmountMinor,
    /** Calendar dates, `YYYY-MM-DD`, in the seller's calendar. */
    issuedOn: z.iso.date(),
    dueOn: z.iso.date(),
    /** Whole days past `dueOn` when the answer was made; 0 when not overdue. */
    overdueDays: z.number().int().min(0),
  })
  .meta({ id: "Invoice" });
export type Invoice = z.infer<typeof Invoice>;

/** How well a list is known, and when to look again. Nobody waits for the ERP: lists come as they are remembered. */
export const Freshness = z
  .object({
    /**
     * `current`: nothing newer is on its way. `refreshing`: the ERP is being asked, the list may change. `loading`: the
     * same, and nothing is known yet: an empty list then does not say that nothing is owed. `unreachable`: the ERP
     * could not be asked just now.
     */
    state: z.enum(["current", "refreshing", "loading", "unreachable"]),
    /** Since the ERP was last read for this customer, by the server's clock, ms; null: never. */
    ageMs: z.number().int().min(0).nullable(),
    /** When `GET /v1/invoices` is worth asking, ms from now; null: no need. */
    askAgainInMs: z.number().int().min(0).nullable(),
  })
  .meta({ id: "Freshness" });
export type Freshness = z.infer<typeof Freshness>;

export const InvoiceList = z
  .object({
    invoices: z.array(Invoice),
    /** When the ERP was last asked; while `loading`, since when it is. */
    asOf: z.iso.datetime(),
    /** Whose they are; the name is known once the ERP was read. Absent: an older server. */
    customer: z.object({ id: z.string(), name: z.string() }).optional(),
    /** Absent: an older server, which asked the ERP before it answered. */
    freshness: Freshness.optional(),
  })
  .meta({ id: "InvoiceList" });
export type InvoiceList = z.infer<typeof InvoiceList>;

export const CardBrand = z.enum(["visa", "mastercard", "amex", "discover", "unknown"]);
export type CardBrand = z.infer<typeof CardBrand>;
export const CardFunding = z.enum(["credit", "debit", "prepaid", "unknown"]);
export type CardFunding = z.infer<typeof CardFunding>;

/**
 * One surcharge rule: the first whose `brand` and `funding` fit a card decides. The amount is
 * `amount × basisPoints / 10000`, rounded half up to a minor unit, then cut to `maximumMinor`.
 * No rule fits: no surcharge. The server computes it again and is right when the two differ.
 */
export const SurchargeRule = z
  .object({
    brand: z.union([CardBrand, z.literal("any")]),
    funding: CardFunding,
    basisPoints: z.number().int().min(0).max(400),
    maximumMinor: AmountMinor.optional(),
  })
  .meta({ id: "SurchargeRule" });
export type SurchargeRule = z.infer<typeof SurchargeRule>;

export const CardMethod = z
  .object({
    type: z.literal("card"),
    /** The provider's page with the card fields; its origin is where every message must come from. */
    frameUrl: z.url(),
    brands: z.array(CardBrand),
  })
  .meta({ id: "CardMethod" });
export type CardMethod = z.infer<typeof CardMethod>;

/** What the form may load before it has a session: where the fields of each way to pay are. */
export const EarlyMethods = z
  .object({ methods: z.array(CardMethod.pick({ type: true, frameUrl: true })) })
  .meta({ id: "EarlyMethods" });
export type EarlyMethods = z.infer<typeof EarlyMethods>;

export const ThemeView = z
  .object({
    /** Content hash; `/theme/<hash>.css` serves the same `css`, immutable. */
    hash: z.string(),
    css: z.string(),
    layout: z.object({
      labels: z.enum(["above", "floating"]),
      fields: z.enum(["spaced", "condensed"]),
      methods: z.enum(["tabs", "accordion"]),
    }),
    /** The resolved `--pay-*` values for the card frame, light and dark, as the frame cannot read ours. */
    frame: z.object({
      light: z.record(z.string(), z.string()),
      dark: z.record(z.string(), z.string()),
    }),
  })
  .meta({ id: "ThemeView" });
export type ThemeView = z.infer<typeof ThemeView>;

/** The edge passes the embed token on; only the tenant can judge it. */
export const OpenSession = z.object({
  embedToken: z.string().min(20).max(8192),
  locales: z.array(z.string().max(35)).max(10),
  /** RFC 7638 thumbprint of the key that the browser proved: with it, the same token again is a retry. */
  jkt: z.string().length(43).optional(),
});
export type OpenSession = z.infer<typeof OpenSession>;

/** How long a payer's session may go on, seconds, by the tenant's settings. */
export const SessionLimits = z.object({
  /** Without being renewed. */
  idleS: z.number().int().positive(),
  /** In all, from its opening. */
  absoluteS: z.number().int().positive(),
});
export type SessionLimits = z.infer<typeof SessionLimits>;

/** The session may go on, within these limits. */
export const RenewedSession = z.object({ limits: SessionLimits });
export type RenewedSession = z.infer<typeof RenewedSession>;

/** What the edge needs to mint an access token, and what it hands on for the first paint. */
export const OpenedSession = z.object({
  grant: z.object({
    /** The ERP's customer id; becomes `sub` of the access token. */
    subject: z.string(),
    /** Set when the embed token named invoices: the session sees and pays these only. */
    invoices: z.array(z.string()).nullable(),
    /** The embed key that vouched for it; comes back with each of the session's requests. An older server does not say. */
    keyId: z.string().optional(),
    /** An older server does not say: its sessions end with their first access token. */
    limits: SessionLimits.optional(),
  }),
  view: z.object({
    seller: z.object({
      name: z.string(),
      supportEmail: z.string().nullable(),
      /** IANA time zone of the seller's calendar, which decides due, overdue and receipt dates. An older server does not say. */
      timeZone: z.string().default("UTC"),
    }),
    customer: z.object({ id: z.string(), name: z.string() }),
    locale: Locale,
    theme: ThemeView,
    /** ISO 4217 exponent of every currency in the answer, and of all that have another than 2: lists change. */
    currencies: z.record(z.string(), z.number().int().min(0).max(4)),
    invoices: z.array(Invoice),
    /** When the ERP was last asked; while `loading`, since when it is. */
    invoicesAsOf: z.iso.datetime(),
    /** Absent: an older server, which asked the ERP before it answered. */
    invoicesFreshness: Freshness.optional(),
    methods: z.array(CardMethod),
    surcharge: z.array(SurchargeRule),
    /**
     * The least that one payment in each currency of the answer may be, minor units as digits; what pays its invoices'
     * whole `payableMinor` may be less. An older server does not say.
     */
    minimumMinor: z.record(z.string(), AmountMinor).default({}),
    flags: z.record(z.string(), z.union([z.boolean(), z.string(), z.number()])),
    /** The newest of `unfinishedPayments`. */
    unfinishedPayment: Payment.nullable(),
    /**
     * Payments of this customer that are still under way, newest first. Whoever opens a session may be another person
     * than who began them: `action` and `receipt` are null here, and answered by `GET /v1/payments/{id}`. An older server
     * tells the newest alone.
     */
    unfinishedPayments: z.array(Payment).max(5).optional(),
  }),
});
export type OpenedSession = z.infer<typeof OpenedSession>;
