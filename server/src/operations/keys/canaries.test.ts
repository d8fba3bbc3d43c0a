import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../cli/main.ts";
import { wrappingContext } from "../../crypto/tenant-keys.ts";
import { addEmbedKey } from "../../sessions/embed-keys.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { writeInstance } from "../config.ts";
import { type Canary, canariesIn, canary, canaryText } from "./testing/canaries.ts";
import { readDatabases, readProcesses } from "./testing/readable.ts";
import { type ServerProcess, startServerProcess } from "./testing/server-process.ts";
import { startTactlessPeer } from "./testing/tactless-peer.ts";

/**
 * One of every secret there is, put in as an operator does and used as payers and workers do, against peers that
 * refuse and quote it. Then everything that anybody could read is searched for it.
 */
const secrets = {
  providerKey: canaryText("skcanary"),
  webhook: `whsec_${Buffer.from(canaryText("whcanary")).toString("base64")}`,
  d365: canaryText("clientcanary"),
  smtp: canaryText("mailcanary"),
  access: canaryText("accesscanary"),
  embed: canaryText("embedcanary"),
  /** Breaks a header; stored by code that did not mind. */
  twoLines: `${canaryText("linecanary")}\n${canaryText("restcanary")}`,
  refused: canaryText("refusedcanary"),
};
const pem = generateKeyPairSync("ec", { namedCurve: "P-256" })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();

const canaries: Canary[] = [
  ...Object.entries(secrets).map(([name, secret]) => canary(name, secret)),
  ...secrets.twoLines.split("\n").map((line, index) => canary(`twoLines ${index}`, line)),
  canary("whsec in itself", Buffer.from(secrets.webhook.slice("whsec_".length), "base64")),
  canary("private key", Buffer.from(pem.replaceAll(/-----[^-]+-----|\n/g, ""), "base64")),
];

const folder = temporaryFolders();
const dataDir = folder();
/** Everything said, by where it was. */
const said = new Map<string, string>();
const hear = (where: string, what: string) => void said.set(where, (said.get(where) ?? "") + what);

let platform: TestPlatform;
let peer: Awaited<ReturnType<typeof startTactlessPeer>>;
let collector: Server;
let server: ServerProcess;
let acme: OpenTenant;
let globex: OpenTenant;

beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  peer = await startTactlessPeer({ accessToken: secrets.access });
  collector = createServer(async (request, response) => {
    hear("traces", (await buffer(request)).toString("latin1"));
    response.end();
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const collectorUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  acme = await platform.createTenant("acme");
  globex = await platform.createTenant("globex");
  server = await startServerProcess({ address: platform.address, folder: folder(), collectorUrl });
});
afterAll(async () => {
  await server.stop();
  collector.close().closeAllConnections();
  peer.close();
  await platform.close();
});

async function clarity(args: readonly string[], input = ""): Promise<{ code: number; all: string }> {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const stdin = Readable.from([Buffer.from(input)]);
  const terminal = { env: { CLARITY_DATA_DIR: dataDir }, stdin, print, printError: print };
  const code = await main(args, terminal);
  const all = lines.join("\n");
  hear(`clarity ${args.slice(0, 2).join(" ")}`, all);
  return { code, all };
}
const set = (slug: string, key: string, value: unknown) =>
  clarity(["setting", "set", slug, key], typeof value === "string" ? value : JSON.stringify(value));

const sandbox = () => ({ id: "sandbox", baseUrl: peer.url, frameUrl: `${peer.url}/f`, publishableKey: "pk" });
const d365 = () => ({
  ...{ id: "d365-fo", baseUrl: peer.url, tokenUrl: `${peer.url}/token`, clientId: "c", company: "c" },
  ...{ journalName: "j", paymentMethodName: "m", offsetAccount: "o" },
});
const netsuite = () => ({
  ...{ id: "netsuite", baseUrl: peer.url, clientId: "c", certificateId: "c", depositAccountId: "1" },
});

const smtp = () => ({
  ...{ host: "127.0.0.1", port: peer.smtpPort, secure: true },
  ...{ user: "u", from: "a@acme.test" },
});

async function configure(): Promise<void> {
  const given: [slug: string, key: string, value: unknown][] = [
    ["acme", "provider", sandbox()],
    ["acme", "provider.secretKey", secrets.providerKey],
    ["acme", "provider.webhookSecret", secrets.webhook],
    ["acme", "connector", d365()],
    ["acme", "connector.secret", secrets.d365],
    ["acme", "smtp", smtp()],
    ["acme", "smtp.password", secrets.smtp],
    ["globex", "provider", sandbox()],
    ["globex", "provider.webhookSecret", secrets.webhook],
    ["globex", "connector", netsuite()],
    ["globex", "connector.secret", pem],
  ];
  for (const [slug, key, value] of given) expect(await set(slug, key, value)).toMatchObject({ code: 0 });
  const old = globex.keys.seal("setting:provider.secretKey", secrets.twoLines);
  await globex.db.query`
    insert into pay.settings (tenant_id, key, ciphertext, key_version)
    values (${globex.tenant.id}, 'provider.secretKey', ${old.ciphertext}, ${old.keyVersion}) returning tenant_id`;
  await addEmbedKey({ ctx: acme, input: { algorithm: "HS256", id: "erp", secret: secrets.embed } });
  for (const { db, tenant } of [acme, globex]) {
    await db.query`
      with customer as (
        insert into pay.customers values (${tenant.id}, 'C-1', 'Ada', 'ada@canary.test', now() - interval '5 minutes')
      )
      insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor,
        issued_on, due_on, synced_at)
      values (${tenant.id}, 'i', 'C-1', 'N', 'USD', 900, 900, '2026-01-01', '2026-02-01', now() - interval '5 minutes')
      returning tenant_id`;
  }
}

async function pay({ tenant }: OpenTenant): Promise<string> {
  const answer = await server.call({
    ...{ tenantId: tenant.id, method: "POST", path: "/payments" },
    body: {
      ...{ id: randomUUID(), currency: "USD", lines: [{ invoiceId: "i", amountMinor: "100" }] },
      ...{ method: { type: "card", token: "t" }, shown: { surchargeMinor: "0", totalMinor: "100" } },
    },
  });
  hear("answers", answer);
  return answer;
}

async function ask({ tenant }: OpenTenant, method: string, path: string, body?: unknown): Promise<void> {
  hear("answers", await server.call({ tenantId: tenant.id, method, path, body }));
}

/** Causes that deliveries and attempts of a tenant ended with. */
const causes = async ({ db, tenant }: OpenTenant) =>
  db.query<{ tenant_id: string; kind: string; cause: string }>`
    select tenant_id, kind, last_cause as cause from pay.outbox
    where tenant_id = ${tenant.id} and last_cause is not null
    union all
    select tenant_id, 'attempt', last_cause from pay.attempts
    where tenant_id = ${tenant.id} and last_cause is not null`;

/** Makes every secret go where it is meant to go, and fail there. */
async function use(): Promise<void> {
  expect(await pay(acme)).toMatch(/^201 .*"captured"/);
  const kinds = async () => (await causes(acme)).map(({ kind }) => kind).sort();
  await expect.poll(kinds, { timeout: 20_000 }).toEqual(["erp_post", "receipt_email"]);
  peer.capture(false);
  for (const tenant of [acme, globex]) {
    await ask(tenant, "GET", "/invoices");
    await pay(tenant);
    await ask(tenant, "POST", "/webhooks/sandbox", { secret: "none" });
    await ask(tenant, "POST", "/session", { embedToken: `${"x".repeat(20)}.y.z`, locales: [] });
  }
  peer.grant(true);
  await ask(acme, "GET", "/invoices");
  await ask(acme, "GET", "/nothing");
  peer.capture(true);
  // The provider knows the card, and refuses the charge itself.
  peer.refuseCharges(true);
  expect(await pay(acme)).toMatch(/^20\d .*"processing"/);
  await expect.poll(async () => (await causes(acme)).length, { timeout: 10_000 }).toBe(3);
  // The peers did quote them, and what they said was kept.
  for (const { kind, cause } of await causes(acme)) expect(`${kind}: ${cause}`).toContain("(secret)");
}

async function operate(): Promise<void> {
  const wrong: [string, string, string][] = [
    ["acme", "provider.secretKey", `${secrets.refused}\nmore`],
    ["acme", "smtp", JSON.stringify({ host: "h", port: secrets.refused, from: "f" })],
    ["acme", "smtp", `{"password": ${secrets.refused}}`],
    ["acme", "provider", JSON.stringify({ ...sandbox(), id: secrets.refused })],
    ["acme", "connector", JSON.stringify({ ...d365(), concurrency: secrets.refused })],
    ["acme", "surcharge.rules", secrets.refused],
    ["acme", "seller.supportEmail", secrets.refused],
  ];
  for (const [slug, key, value] of wrong) expect(await set(slug, key, value)).toMatchObject({ code: 1 });
  const out = join(folder(), "acme.tar");
  const [letter] = await acme.db.query<{ tenant_id: string; id: string; payment_id: string }>`
    update pay.outbox set state = 'dead' where kind = 'erp_post' returning tenant_id, id, payment_id`;
  for (const line of [
    "setting list acme",
    "setting list acme --json",
    "setting get acme provider.secretKey",
    "setting get acme smtp.password --json",
    "embed-key list acme --json",
    "tenant show acme --json",
    "tenant list --json",
    `tenant export acme --out ${out}`,
    "dead-letter list acme",
    "payment list acme --json",
    `payment show acme ${letter?.payment_id}`,
    "flag list acme --json",
    "master-key status --json",
  ]) {
    expect(await clarity(line.split(" ")), line).toMatchObject({ code: 0 });
  }
  hear("export", readFileSync(out, "latin1"));
  await acme.db
    .query`update pay.settings set ciphertext = '\\x00' where key = 'smtp.password' returning tenant_id`;
  const { all } = await clarity(["doctor"]);
  expect(all).toContain("acme: cannot decrypt");
  expect(all).toContain("globex: provider.secretKey must be printable ASCII");
  await acme.settings.set("smtp.password", secrets.smtp);
}

/** `clarity setting set` as a process, looked at while it holds the secret. */
async function setInProcess(): Promise<void> {
  const script = fileURLToPath(new URL("../../cli/clarity.ts", import.meta.url));
  const child = spawn(process.execPath, [script, "setting", "set", "acme", "smtp.password", "-"], {
    env: { PATH: process.env.PATH, CLARITY_DATA_DIR: dataDir },
  });
  const exited = once(child, "exit");
  child.stdin.write(secrets.smtp);
  await once(child, "spawn");
  readProcesses(child.pid ?? 0, hear);
  child.stdin.end();
  hear("clarity as a process", (await text(child.stdout)) + (await text(child.stderr)));
  expect((await exited)[0]).toBe(0);
}

/** What the platform itself must keep: keys, and the tenants' database passwords. */
async function platformsOwn(): Promise<Canary[]> {
  const { registry } = platform.operator;
  const own = [canary("master key", readFileSync(platform.address.masterKeyFile))];
  for (const record of await registry.list()) {
    const { id, dataKey } = record;
    const context = wrappingContext(id, dataKey.version);
    own.push(canary(`data key of ${record.slug}`, await registry.masterKey.unwrap({ ...dataKey, context })));
    own.push(
      canary(`password of ${record.slug}`, new URL(await connectionUrl({ registry, record })).password),
    );
  }
  return own;
}

test("no secret of any kind is in logs, traces, metrics, answers, tables, exports, the command line or its processes", async () => {
  await configure();
  await use();
  await operate();
  if (existsSync("/proc/self/task")) {
    await setInProcess();
    readProcesses(server.pid, hear);
  }
  hear("metrics", await server.metrics());
  await readDatabases(platform, hear);
  const all = [...canaries, ...(await platformsOwn())];
  await server.stop();
  hear("log", server.output());

  // They were on their way, and every place holds what it should.
  const sent = ["providerKey", "d365", "smtp", "access"];
  expect(canariesIn(peer.seen(), canaries)).toEqual(expect.arrayContaining(sent));
  const places = [
    "log",
    "metrics",
    "traces",
    "answers",
    "export",
    "table pay.outbox",
    "table public.tenants",
  ];
  for (const where of places) expect(said.get(where)?.length, where).toBeGreaterThan(100);
  expect(said.get("log")).toContain('"level":20');

  const leaks = [...said].flatMap(([where, what]) =>
    canariesIn(what, all).map((name) => `${name} in ${where}`),
  );
  expect(leaks).toEqual([]);
}, 90_000);
