import {
  addEmbedKey,
  listEmbedKeys,
  type NewEmbedKey,
  type OpenTenant,
  type SettingKey,
  type SettingValue,
} from "@clarity/server";
import { createTenant, type NewTenant, type Operator } from "@clarity/server/operate";
import type { Addresses } from "./addresses.ts";
import type { Ports } from "./ports.ts";
import type { Secrets } from "./secrets.ts";

/** `POST /v1/accounts` of the provider. */
export interface ProviderAccount {
  id: string;
  secretKey: string;
  publishableKey: string;
  webhookSecret: string;
}

type Values = { [K in SettingKey]?: SettingValue<K> };

interface TenantPlan {
  tenant: NewTenant;
  embedKeys: (NewEmbedKey & { id: string })[];
  /** Set where nothing is, then the tenant's own. */
  once: Values;
  /** Follow the ports and secrets of this start. */
  always: Values;
}

export type TenantSlug = "acme" | "globex";

/** As the payer reads them: on the form, in the bank's question, in the provider's console. */
const sellerNames: Record<TenantSlug, string> = { acme: "Acme Industrial", globex: "Globex Corporation" };

interface Where {
  ports: Ports;
  addresses: Addresses;
  secrets: Secrets;
}

/** Pages that embed the form. */
const embedOrigins = ({ addresses }: Where, slug: TenantSlug): string[] =>
  slug === "acme" ? [addresses.netsuite, addresses.website] : [addresses.d365];

/** An account a tenant, the same one again on later starts. */
export async function openAccount(where: Where, slug: TenantSlug): Promise<ProviderAccount> {
  const { addresses, secrets } = where;
  const answer = await fetch(`${addresses.internal.provider}/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${secrets.providerAdminKey}` },
    body: JSON.stringify({
      name: sellerNames[slug],
      webhookUrl: `${addresses[slug]}/webhooks/sandbox`,
      // Every ancestor counts: in D365 the card frame stands two frames deep.
      origins: [addresses[slug], ...embedOrigins(where, slug)],
    }),
  });
  if (!answer.ok) throw new Error(`the provider refused an account: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as ProviderAccount;
}

/** Makes both tenants, or finds them, and sets what this start decides. */
export async function ensureTenants(
  operator: Operator,
  where: Where,
  accounts: Record<TenantSlug, ProviderAccount>,
): Promise<void> {
  for (const plan of [acme(where, accounts.acme), globex(where, accounts.globex)]) {
    const { tenant } = await createTenant({ ctx: operator, input: plan.tenant });
    // Suspended by whoever tries that out: the next start must not fail on it.
    const open = await operator.tenants.open(tenant.id, { evenSuspended: true });
    const known = new Set((await listEmbedKeys({ ctx: open })).map(({ id }) => id));
    for (const key of plan.embedKeys) if (!known.has(key.id)) await addEmbedKey({ ctx: open, input: key });
    const given = (await open.settings.list()).filter(({ source }) => source === "stored");
    const missing = Object.entries(plan.once).filter(
      ([key]) => !given.some((setting) => setting.key === key),
    );
    await setWhereDifferent(open, { ...Object.fromEntries(missing), ...plan.always });
  }
}

/** Settings are audited: one that stays as it is leaves no trace. */
async function setWhereDifferent(tenant: OpenTenant, values: Values): Promise<void> {
  for (const [key, value] of Object.entries(values) as [SettingKey, never][]) {
    const now = await tenant.settings.get(key).catch(() => undefined);
    if (JSON.stringify(now) !== JSON.stringify(value)) await tenant.settings.set(key, value);
  }
}

function acme(where: Where, account: ProviderAccount): TenantPlan {
  const { ports, addresses, secrets } = where;
  return {
    tenant: {
      slug: "acme",
      name: sellerNames.acme,
      template: "netsuite-order-to-cash",
      theme: "acme",
      adminEmail: "ada@acme.test",
    },
    embedKeys: [{ id: secrets.embed.acme.id, algorithm: "HS256", secret: secrets.embed.acme.secret }],
    once: {
      "seller.supportEmail": "receivables@acme.test",
      "seller.statement": "ACME INDUSTRIAL",
    },
    always: {
      "embed.origins": embedOrigins(where, "acme"),
      connector: {
        id: "netsuite",
        baseUrl: addresses.internal.netsuite,
        clientId: secrets.netsuite.clientId,
        certificateId: secrets.netsuite.certificateId,
        algorithm: "ES256",
        depositAccountId: "1",
        // An account belongs to a subsidiary and a currency.
        depositAccounts: [
          { accountId: "1", currency: "USD" },
          { accountId: "2", currency: "EUR" },
          { accountId: "3", currency: "JPY" },
          { accountId: "4", currency: "KWD" },
          { accountId: "5", currency: "EUR", subsidiaryId: "2" },
        ],
        concurrency: 3,
      },
      "connector.secret": secrets.netsuite.privateKeyPem,
      ...paymentAndMail({ ports, addresses, account, from: "Acme Industrial <receivables@acme.test>" }),
    },
  };
}

function globex(where: Where, account: ProviderAccount): TenantPlan {
  const { ports, addresses, secrets } = where;
  return {
    tenant: {
      slug: "globex",
      name: sellerNames.globex,
      template: "d365-fo-enterprise",
      theme: "globex",
      adminEmail: "gus@globex.test",
    },
    embedKeys: [
      { id: secrets.embed.globex.id, algorithm: "ES256", jwk: { ...secrets.embed.globex.publicJwk } },
      // The other's private half is the ERP's alone: `clarity token mint globex` signs with this one.
      { id: "globex-try-out", algorithm: "HS256" },
    ],
    once: {
      "seller.supportEmail": "billing@globex.test",
      "seller.statement": "GLOBEX CORP",
    },
    always: {
      "embed.origins": embedOrigins(where, "globex"),
      connector: {
        id: "d365-fo",
        baseUrl: addresses.internal.d365,
        tokenUrl: `${addresses.internal.d365}/globex.test/oauth2/v2.0/token`,
        clientId: secrets.d365.clientId,
        company: "usmf",
        journalName: "CustPay",
        paymentMethodName: "CARD",
        offsetAccount: "USMF OPER",
        concurrency: 3,
      },
      "connector.secret": secrets.d365.clientSecret,
      ...paymentAndMail({ ports, addresses, account, from: "Globex Corporation <billing@globex.test>" }),
    },
  };
}

function paymentAndMail(input: {
  ports: Ports;
  addresses: Addresses;
  account: ProviderAccount;
  from: string;
}): Values {
  const { account, addresses, ports } = input;
  return {
    provider: {
      id: "sandbox",
      baseUrl: addresses.internal.provider,
      frameUrl: `${addresses.provider}/card`,
      publishableKey: account.publishableKey,
    },
    "provider.secretKey": account.secretKey,
    "provider.webhookSecret": account.webhookSecret,
    smtp: { host: "127.0.0.1", port: ports.smtp, secure: false, user: null, from: input.from },
  };
}
