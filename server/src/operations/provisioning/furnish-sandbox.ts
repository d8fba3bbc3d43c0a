import { z } from "zod";
import type { SettingKey, SettingValue } from "../../tenant/settings.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { edgeOrigins } from "../embed/edge-origins.ts";
import type { Operator } from "../operator.ts";
import type { SandboxPlace } from "../platform-address.ts";
import { sampleCustomers, writeSamples } from "./sample-invoices.ts";

/** As `demo/src/provider/API.md` has it. */
const Account = z.object({ secretKey: z.string(), publishableKey: z.string(), webhookSecret: z.string() });

export interface Furnished {
  /** The account's name at the sandbox provider. */
  readonly account: string;
  readonly mailbox: string;
  /** Empty: the tenant had customers, or has an ERP that knows them. */
  readonly customers: readonly { id: string; name: string; invoices: number }[];
}

/** No sandbox to be had, or the tenant has what a sandbox would take away. */
class NoSandbox extends Error {
  override readonly name = "NoSandbox";
}

/**
 * All that a new tenant lacks to be paid at once: an account at the sandbox provider with its keys, receipts that go to
 * the mailbox, customers with open invoices. Repeatable; what the tenant has of its own stays.
 *
 * @throws NoSandbox; Error when the sandbox refuses
 */
export async function furnishSandbox({
  ctx,
  input,
}: {
  ctx: Operator;
  input: { slug: string };
}): Promise<Furnished> {
  const place = findSandbox(ctx, input.slug);
  const record = await ctx.registry.findBySlug(input.slug);
  const open = await ctx.tenants.open(record?.id ?? "");
  const { settings, tenant } = open;
  const provider = await settings.get("provider");
  if (provider && provider.id !== "sandbox")
    throw new NoSandbox(`${tenant.slug} has the provider ${provider.id} and keeps it`);
  const account = `${tenant.name} (${tenant.slug})`.slice(0, 80);
  const edges = edgeOrigins(open.record, ctx.address);
  const origins = [...edges, ...(await settings.get("embed.origins"))];
  const keys = await openAccount(place, {
    name: account,
    webhookUrl: `${edges[0]}/webhooks/sandbox`,
    origins,
  });
  const { publishableKey, secretKey, webhookSecret } = keys;
  await setWhereDifferent(open, {
    provider: { id: "sandbox", baseUrl: place.url, frameUrl: place.frameUrl, publishableKey },
    "provider.secretKey": secretKey,
    "provider.webhookSecret": webhookSecret,
  });
  // Of its own, or the mailbox' of an earlier start.
  const smtp = await settings.get("smtp");
  if (!smtp || smtp.host === mailHost)
    await setWhereDifferent(open, { smtp: mailboxOf(place, `${tenant.slug}@sandbox.test`) });
  const erp = await settings.get("connector");
  const written = !erp && (await writeSamples({ ctx: open }));
  return { account, mailbox: place.mailbox, customers: written ? sampleCustomers : [] };
}

/** @throws NoSandbox */
export function findSandbox({ address }: Pick<Operator, "address">, slug: string): SandboxPlace {
  if (address.sandbox) return address.sandbox;
  throw new NoSandbox(
    `there is no sandbox here for ${slug}: npm start runs one, and this platform is another`,
  );
}

async function openAccount(
  { url, adminKey }: SandboxPlace,
  body: { name: string; webhookUrl: string; origins: string[] },
): Promise<z.infer<typeof Account>> {
  const answer = await fetch(`${url}/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${adminKey}` },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  }).catch((cause) => {
    throw new Error(`the sandbox provider at ${url} does not answer: does npm start run?`, { cause });
  });
  if (!answer.ok) throw new Error(`the sandbox provider at ${url} refused an account: ${answer.status}`);
  return Account.parse(await answer.json());
}

const mailHost = "127.0.0.1";
const mailboxOf = ({ smtpPort }: SandboxPlace, from: string): SettingValue<"smtp"> => ({
  host: mailHost,
  port: smtpPort,
  secure: false,
  user: null,
  from,
});

/** Settings are audited: one that stays as it is leaves no trace. */
async function setWhereDifferent(
  { settings }: OpenTenant,
  values: { [K in SettingKey]?: SettingValue<K> },
): Promise<void> {
  const stored = new Set(
    (await settings.list()).filter(({ source }) => source === "stored").map(({ key }) => key as string),
  );
  for (const [key, value] of Object.entries(values) as [SettingKey, never][]) {
    const now = stored.has(key) ? await settings.get(key) : undefined;
    if (JSON.stringify(now) !== JSON.stringify(value)) await settings.set(key, value);
  }
}
