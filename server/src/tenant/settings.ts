import { z } from "zod";
import { AmountMinor, Currency, Locale, plainLine, SurchargeRule } from "../../contract/index.ts";
import { isTimeZone } from "./calendar.ts";

/** A host as browsers write it; nothing that means more than itself in a header or a policy. */
const hostname = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/;
/** Compared byte for byte with what browsers send, and put into `frame-ancestors` as it is. */
const origin = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.origin === text && /^https?:$/.test(url.protocol) && hostname.test(url.hostname);
}, "an origin as browsers send it: scheme, host, port unless usual; no path, no wildcard");

/** An empty secret is a mistake, such as an empty pipe. Their messages are shown as they are: no value in them. */
const secretText = z.string("must be text").min(1, "must be text that is not empty");
/** As it stands in an HTTP header. */
const secretHeader = z
  .string("must be text")
  .regex(/^[\x21-\x7e]+$/, "must be printable ASCII on one line, without blanks, and not empty");

/** On one line among others: what would end it or turn it is taken out, of what is stored already too. */
const nameText = (longest: number) =>
  z
    .string()
    .max(longest)
    .overwrite((text) => plainLine(text, longest).trim())
    .min(1);

const atLeastOne = z.number().int().min(1).max(1_000);
const declinesAnHour = {
  session: atLeastOne.default(5),
  customer: atLeastOne.default(10),
  address: atLeastOne.default(30),
  card: atLeastOne.default(5),
};

/** Every setting a tenant has: its shape, its default, what it is for. A secret is stored encrypted. */
export const settingDefinitions = {
  "seller.name": { schema: nameText(80), help: "The name payers see." },
  "seller.supportEmail": {
    schema: z.email().nullable(),
    default: null,
    help: "Where payers are told to ask.",
  },
  "seller.locale": {
    schema: Locale,
    default: "en",
    help: "Stands in for a language the form does not speak.",
  },
  "seller.timeZone": {
    schema: z.string().refine(isTimeZone, "an IANA time zone, such as Europe/Berlin"),
    default: "UTC",
    help: "Whose calendar decides what is due and overdue, and the day a payment is booked and receipted.",
  },
  "seller.statement": {
    schema: nameText(22),
    default: "INVOICE PAYMENT",
    help: "On the card statement.",
  },
  "embed.origins": {
    schema: z.array(origin).max(50),
    default: [],
    help: "Pages that may embed the form (CORS, frame-ancestors).",
  },
  "quota.requestsPerMinute": {
    schema: z.number().int().min(60).max(1_000_000).nullable(),
    default: null,
    help: "Requests a minute of all its payers, in place of its tier's.",
  },
  "limits.minimum": {
    schema: z.record(Currency, AmountMinor),
    default: {},
    help:
      "The least one payment may be, minor units by currency; others: one unit, or 100 where it has no smaller. " +
      "What pays its invoices' whole rests may be less.",
  },
  "limits.declines": {
    schema: z.object(declinesAnHour),
    default: { session: 5, customer: 10, address: 30, card: 5 },
    help: "Declines an hour of one session, customer, address, card; after more, each next try waits longer, up to 15 min.",
  },
  "surcharge.rules": {
    schema: z.array(SurchargeRule).max(50),
    default: [],
    help: "First rule that fits a card decides; none: no surcharge.",
  },
  provider: {
    schema: z
      .object({
        id: z.literal("sandbox"),
        /** API base as the server reaches it. */
        baseUrl: z.url(),
        /** Card frame as the browser reaches it. */
        frameUrl: z.url({ protocol: /^https?$/, hostname }),
        publishableKey: z.string(),
      })
      .nullable(),
    default: null,
    help:
      "The payment provider. When its account changes, a payment that the former has not settled waits until the " +
      "former's settings are back; change it while `clarity payment list` names none.",
  },
  "provider.secretKey": { schema: secretHeader, secret: true, help: "The provider's API key." },
  "provider.webhookSecret": { schema: secretText, secret: true, help: "Verifies the provider's webhooks." },
  connector: {
    schema: z
      .discriminatedUnion("id", [
        z.object({
          id: z.literal("netsuite"),
          /** `https://<account>.suitetalk.api.netsuite.com` */
          baseUrl: z.url(),
          clientId: z.string(),
          certificateId: z.string(),
          algorithm: z.enum(["ES256", "PS256"]).default("ES256"),
          /** Internal id of the bank or clearing account payments are deposited to. */
          depositAccountId: z.string(),
          /** Requests at once over all server processes, of the account's shared limit. */
          concurrency: z.number().int().min(1).max(20).default(3),
        }),
        z.object({
          id: z.literal("d365-fo"),
          /** `https://<org>.operations.dynamics.com` */
          baseUrl: z.url(),
          /** `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token` */
          tokenUrl: z.url(),
          clientId: z.string(),
          /** Legal entity, `dataAreaId`. */
          company: z.string(),
          journalName: z.string(),
          paymentMethodName: z.string(),
          offsetAccount: z.string(),
          concurrency: z.number().int().min(1).max(20).default(3),
        }),
      ])
      .nullable(),
    default: null,
    help: "The ERP; null: there is none.",
  },
  "connector.secret": {
    schema: secretText,
    secret: true,
    help: "NetSuite: private key, PKCS #8 PEM. D365: client secret.",
  },
  smtp: {
    schema: z
      .object({
        host: z.string(),
        port: z.number().int(),
        secure: z.boolean().default(false),
        user: z.string().nullable().default(null),
        /** `Name <address>` */
        from: z.string(),
      })
      .nullable(),
    default: null,
    help: "Sends receipts.",
  },
  "smtp.password": { schema: secretText, secret: true, help: "For `smtp.user`." },
} as const satisfies Record<string, { schema: z.ZodType; help: string; default?: unknown; secret?: true }>;

export type SettingKey = keyof typeof settingDefinitions;
export type SettingValue<K extends SettingKey> = z.output<(typeof settingDefinitions)[K]["schema"]>;

export interface Settings {
  /** The stored value, else the default. @throws SettingMissing when neither is there. */
  get<K extends SettingKey>(key: K): Promise<SettingValue<K>>;
  set<K extends SettingKey>(key: K, value: SettingValue<K>): Promise<void>;
}
