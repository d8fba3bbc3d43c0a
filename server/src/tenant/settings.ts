import { z } from "zod";
import { AmountMinor, Currency, Locale, plainLine, SurchargeRule } from "../../contract/index.ts";
import { ConnectorConfig, connectorSecretHelp } from "../connectors/configs.ts";
import { webhookKeyOf } from "../crypto/webhook-secret.ts";
import { ProviderConfig } from "../providers/configs.ts";
import { hostname } from "../providers/frame-url.ts";
import { isTimeZone } from "./calendar.ts";

/** Compared byte for byte with what browsers send, and put into `frame-ancestors` as it is. */
const origin = z.string().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.origin === text && /^https?:$/.test(url.protocol) && hostname.test(url.hostname);
}, "an origin as browsers send it: scheme, host, port unless usual; no path, no wildcard");

/** An empty secret is a mistake, such as an empty pipe. Their messages are shown as they are: no value in them. */
const secretText = z.string("must be text").regex(/\S/, "must be text that is not empty");
/** Whoever guesses it sends us news that we believe. */
const webhookSecret = z
  .string("must be text")
  .refine(
    (text) => (text.startsWith("whsec_") ? webhookKeyOf(text) !== null : /^\S{16,}$/.test(text)),
    "must be whsec_ and at least 24 bytes in base64, or at least 16 characters without blanks, and not empty",
  );
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

/**
 * Every setting a tenant has: its shape, its default, what it is for. A secret is stored encrypted. `operators`: what the
 * tenant has of the platform, which it does not give itself. `aims`: says where secrets or payers' cards go, so that
 * setting it is as good as having them.
 */
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
    aims: true,
    schema: z.array(origin).max(50),
    default: [],
    help: "Pages that may embed the form (CORS, frame-ancestors).",
  },
  "session.idleSeconds": {
    schema: z.number().int().min(30).max(86_400),
    default: 1_800,
    help: "A payer's session ends after so long without being used; the form says so before, and offers to go on.",
  },
  "session.absoluteSeconds": {
    schema: z.number().int().min(30).max(604_800),
    default: 28_800,
    help: "The longest a payer's session may be made by going on; then the page needs a new embed token.",
  },
  "quota.requestsPerMinute": {
    schema: z.number().int().min(60).max(1_000_000).nullable(),
    default: null,
    operators: true,
    help: "Requests a minute of all its payers, in place of its tier's.",
  },
  "portal.idleMinutes": {
    schema: z.number().int().min(5).max(1_440),
    default: 60,
    help: "A portal's session ends after so many minutes without a request.",
  },
  "portal.sessionHours": {
    schema: z.number().int().min(1).max(720),
    default: 12,
    help: "A portal's session ends after so many hours, whatever is done in it.",
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
  "invoices.standInMinutes": {
    schema: z.number().int().min(0).max(10_080),
    default: 15,
    help:
      "While the ERP cannot be asked, payments are judged by balances it gave at most so many minutes ago; older " +
      "ones are not paid. 0: the ERP must answer.",
  },
  provider: {
    aims: true,
    schema: ProviderConfig.nullable(),
    default: null,
    help:
      "The payment provider. When its account changes, a payment that the former has not settled waits until the " +
      "former's settings are back; change it while `clarity payment list` names none.",
  },
  "provider.secretKey": { schema: secretHeader, secret: true, help: "The provider's API key." },
  "provider.webhookSecret": {
    schema: webhookSecret,
    secret: true,
    help: "Verifies the provider's webhooks.",
  },
  connector: {
    aims: true,
    schema: ConnectorConfig.nullable(),
    default: null,
    help: "The ERP; null: there is none.",
  },
  "connector.secret": { schema: secretText, secret: true, help: connectorSecretHelp },
  smtp: {
    aims: true,
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
} as const satisfies Record<string, SettingDefinition>;

export interface SettingDefinition {
  schema: z.ZodType;
  help: string;
  default?: unknown;
  secret?: true;
  operators?: true;
  aims?: true;
}

export type SettingKey = keyof typeof settingDefinitions;
export type SettingValue<K extends SettingKey> = z.output<(typeof settingDefinitions)[K]["schema"]>;

export interface Settings {
  /** The stored value, else the default. @throws SettingMissing when neither is there. */
  get<K extends SettingKey>(key: K): Promise<SettingValue<K>>;
  set<K extends SettingKey>(key: K, value: SettingValue<K>): Promise<void>;
}
