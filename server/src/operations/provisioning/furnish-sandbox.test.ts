import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createContextFactory } from "../../context/context-factory.ts";
import { listInvoices } from "../../invoices/list-invoices.ts";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { startPayment } from "../../payments/start-payment.ts";
import { type SandboxProcess, startSandboxProcess } from "../../providers/testing/sandbox-process.ts";
import { createLogger } from "../../telemetry/log.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { addOrigins } from "../embed/add-origins.ts";
import { announceOrigins } from "../embed/announce-origins.ts";
import type { Operator } from "../operator.ts";
import { furnishSandbox } from "./furnish-sandbox.ts";

let platform: TestPlatform;
let sandbox: SandboxProcess;
let ctx: Operator;
const log = createLogger({ name: "test", level: "silent" });
const makeContext = createContextFactory({ log, network: loopbackNetwork });

beforeAll(async () => {
  [platform, sandbox] = await Promise.all([testPlatform(), startSandboxProcess()]);
  const place = {
    url: sandbox.url,
    frameUrl: `${sandbox.url}/card`,
    adminKey: sandbox.adminKey,
    smtpPort: 2525,
    mailbox: "http://127.0.0.1:9/mail",
  };
  const address = { ...platform.address, edgeUrl: "http://127.0.0.1:4000/", sandbox: place };
  ctx = { ...platform.operator, address };
});
afterAll(async () => {
  await platform.close();
  await sandbox.close();
});

const open = async (slug: string) => ctx.tenants.open((await ctx.registry.findBySlug(slug))?.id ?? "");
const contextOf = async (slug: string) =>
  makeContext(await open(slug), { actor: { kind: "customer", id: "1001" }, requestId: "test" });
const invoicesOf = async (slug: string) => {
  const context = await contextOf(slug);
  const listed = await listInvoices({ ctx: context, input: { customerId: "1001", allowedInvoices: null } });
  if (listed.kind !== "invoices") throw new Error(listed.code);
  return listed.list.invoices;
};
const ancestors = async (slug: string) => {
  const provider = await (await open(slug)).settings.get("provider");
  const page = await fetch(`${provider?.frameUrl}?key=${provider?.publishableKey}`);
  return /frame-ancestors ([^;]*)/.exec(page.headers.get("content-security-policy") ?? "")?.[1];
};

test("a new tenant has customers who owe, and what they pay is captured at its own account", async () => {
  await platform.createTenant("third");
  const furnished = await furnishSandbox({ ctx, input: { slug: "third" } });
  expect(furnished).toMatchObject({
    account: "third Ltd (third)",
    customers: [{ id: "1001", invoices: 5 }, {}],
  });
  const [oldest] = await invoicesOf("third");
  expect(oldest).toMatchObject({ number: "INV-1", payableMinor: "125000", overdueDays: 20 });
  const provider = await (await open("third")).settings.get("provider");
  const account = await sandbox.account("third Ltd (third)");
  expect(provider?.publishableKey).toBe(account.publishableKey);
  const started = await startPayment({
    ctx: await contextOf("third"),
    input: {
      request: {
        id: randomUUID(),
        currency: "USD",
        lines: [{ invoiceId: oldest?.id ?? "", amountMinor: "125000" }],
        method: { type: "card", token: await sandbox.token(account, "4242424242424242") },
        shown: { surchargeMinor: "0", totalMinor: "125000" },
      },
      customerId: "1001",
      allowedInvoices: null,
      returnOrigin: "http://localhost:8080",
      locale: "en",
    },
  });
  expect(started).toMatchObject({ payment: { state: "captured" } });
  expect(await sandbox.charges(account)).toMatchObject([{ captured: "125000" }]);
  expect((await invoicesOf("third")).map(({ number }) => number)).not.toContain("INV-1");
});

test("again it changes nothing, and what was paid is not owed anew", async () => {
  const audited = async () => {
    const { db } = await open("third");
    return (await db.query`select tenant_id from pay.audit_log`).length;
  };
  const before = await audited();
  expect(await furnishSandbox({ ctx, input: { slug: "third" } })).toMatchObject({ customers: [] });
  expect(await audited()).toBe(before);
  expect(await invoicesOf("third")).toHaveLength(4);
});

test("the card frame lets in the pages that may embed the form and the tenant's edge, and nobody else", async () => {
  await platform.createTenant("framed");
  await addOrigins({ ctx, input: { slug: "framed", origins: ["http://localhost:8080"] } });
  await furnishSandbox({ ctx, input: { slug: "framed" } });
  expect(await ancestors("framed")).toBe("http://framed.localhost:4000 http://localhost:8080");
  const { settings } = await open("framed");
  await settings.set("embed.origins", ["https://shop.test"]);
  expect(await announceOrigins({ ctx, input: { context: await contextOf("framed") } })).toBeNull();
  expect(await ancestors("framed")).toBe("http://framed.localhost:4000 https://shop.test");
  expect(await ancestors("third")).toBe("http://third.localhost:4000");
});

test("a tenant with a provider of another kind, and a platform without a sandbox, are left alone in words", async () => {
  const bare = { ...ctx, address: platform.address };
  await expect(furnishSandbox({ ctx: bare, input: { slug: "third" } })).rejects.toThrow("no sandbox here");
  const account = await sandbox.account("third Ltd (third)");
  await expect(
    fetch(`${sandbox.url}/v1/account/origins`, {
      method: "POST",
      headers: { authorization: `Bearer ${account.secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ origins: ["http://a;script-src"] }),
    }).then(({ status }) => status),
  ).resolves.toBe(400);
});
