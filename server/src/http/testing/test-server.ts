import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import type { DestinationStream } from "pino";
import { createFakeErp } from "../../connectors/fake.ts";
import type { Context } from "../../context/context.ts";
import { createContextFactory, type MakeContext } from "../../context/context-factory.ts";
import type { NeutralSender } from "../../email/neutral-sender.ts";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { FakeProvider } from "../../providers/fake.ts";
import { addEmbedKey } from "../../sessions/embed-keys.ts";
import { createJwks } from "../../sessions/jwks.ts";
import { createLogger } from "../../telemetry/log.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/platform.ts";
import { createServer, type Server } from "../create-server.ts";
import type { EdgeKey } from "../edge-key.ts";

/** A tenant whose ERP and payment provider are in memory and can be told to misbehave. */
export interface TestTenant {
  open: OpenTenant;
  erp: ReturnType<typeof createFakeErp>;
  provider: FakeProvider;
  ctx: Context;
  /** An embed token as the ERP signs it; `claims` override, and so does another key's `secret`. */
  token(claims?: Record<string, unknown>, secret?: string): Promise<string>;
  secret: string;
  keyId: string;
}

export interface TestServer {
  server: Server;
  platform: TestPlatform;
  /** Of a tenant of its own, however it was opened. */
  makeContext: MakeContext;
  /** Ids of the tenants opened by requests, in order. */
  opened: string[];
  /** `C-1` owes one invoice of 125.00 USD, `C-2` another. */
  createTenant(slug: string): Promise<TestTenant>;
  close(): Promise<void>;
}

/** The server's HTTP layer over real PostgreSQL, in this process. */
export async function testServer(options: {
  edgeKey: EdgeKey;
  /** Sends for tenants without a mail server. Default: nobody does. */
  neutral?: NeutralSender;
  /** Takes every log line, at trace level. Default: none is written. */
  logTo?: DestinationStream;
  /** Default: the run's PostgreSQL. */
  adminUrl?: string;
}): Promise<TestServer> {
  const { edgeKey, logTo, adminUrl } = options;
  const log = createLogger({
    name: "server",
    level: logTo ? "trace" : "silent",
    ...(logTo && { destination: logTo }),
  });
  const platform = await testPlatform({ log, ...(adminUrl && { adminUrl }) });
  const { registry, tenants } = platform.operator;
  const fakes = new Map<string, Pick<TestTenant, "erp" | "provider">>();
  const fakeOf = (key: string) => {
    const fake = fakes.get(key);
    if (!fake) throw new Error(`no fake ${key}`);
    return fake;
  };
  const makeContext = createContextFactory({
    network: loopbackNetwork,
    log,
    adapters: {
      provider: ({ publishableKey }) => fakeOf(publishableKey).provider,
      connector: ({ clientId }) => fakeOf(clientId).erp.connector,
    },
  });
  const opened: string[] = [];
  const server = createServer({
    registry,
    tenants: {
      ...tenants,
      open: (id, options) => {
        opened.push(id);
        return tenants.open(id, options);
      },
    },
    makeContext,
    edgeKey,
    jwks: createJwks({ network: loopbackNetwork }),
    neutral: options.neutral ?? null,
    log,
  });
  return {
    server,
    platform,
    makeContext,
    opened,
    async createTenant(slug) {
      const fake = { erp: createFakeErp(), provider: new FakeProvider() };
      fakes.set(slug, fake);
      fake.erp.customers.set("C-1", customer(`${slug}-1`));
      fake.erp.customers.set("C-2", customer(`${slug}-2`));
      const open = await platform.createTenant(slug);
      await configure(open);
      const { id: keyId, secret } = await addEmbedKey({ ctx: open, input: { algorithm: "HS256" } });
      const token = (claims = {}, otherSecret?: string) =>
        signEmbedToken({ keyId, secret: otherSecret ?? secret ?? "", claims });
      const ctx = makeContext(open, { actor: { kind: "operator", name: "test" }, requestId: "test" });
      return { open, ctx, ...fake, token, secret: secret ?? "", keyId };
    },
    close: () => platform.close(),
  };
}

async function configure({ tenant, settings }: OpenTenant): Promise<void> {
  const baseUrl = "https://provider.test";
  await settings.set("embed.origins", [`https://erp.${tenant.slug}.test`]);
  await settings.set("provider", {
    id: "sandbox",
    baseUrl,
    frameUrl: `${baseUrl}/card`,
    publishableKey: tenant.slug,
  });
  await settings.set("provider.secretKey", "sk");
  await settings.set("provider.webhookSecret", `whsec_${"A".repeat(32)}`);
  await settings.set("connector", {
    id: "netsuite",
    baseUrl: "https://erp.test",
    clientId: tenant.slug,
    certificateId: "c",
    algorithm: "ES256",
    depositAccountId: "1",
    concurrency: 3,
  });
  await settings.set("connector.secret", "pem");
}

function customer(id: string) {
  const amounts = { totalMinor: 12_500n, openMinor: 12_500n };
  const dates = { issuedOn: "2026-01-01", dueOn: "2026-02-01" };
  return {
    name: `Customer of ${id}`,
    email: null,
    invoices: [{ id: `inv-${id}`, number: `N-${id}`, currency: "USD", ...amounts, ...dates }],
  };
}

function signEmbedToken(input: { keyId: string; secret: string; claims: Record<string, unknown> }) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: input.keyId, aud: "pay", sub: "C-1", jti: randomUUID(), iat, exp: iat + 300 };
  return new SignJWT({ ...claims, ...input.claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(input.secret));
}
