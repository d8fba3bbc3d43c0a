import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { withTenantLock } from "../operations/tenant-lock.ts";
import { type TestPlatform, testMailbox, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

let platform: TestPlatform;
const temporaryFolder = temporaryFolders();
const dataDir = temporaryFolder();
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  await clarity("tenant create acme --template basic-invoice --admin ada@acme.test --name Acme");
});
afterAll(() => platform.close());

const clarity = (command: string, { input = "", dir = dataDir } = {}) =>
  runCommandLine({ args: command.split(" "), dataDir: dir, input });

/** As `npx clarity` runs it. */
function startClarity(...args: string[]) {
  const script = fileURLToPath(new URL("./clarity.ts", import.meta.url));
  return spawn(process.execPath, [script, ...args], {
    env: { ...process.env, CLARITY_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function clarityProcess(...args: string[]) {
  const child = startClarity(...args);
  const exited = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { code, stdout, stderr };
}

test("as a process it answers on standard output with 0, and fails on standard error with 1", async () => {
  const listed = await clarityProcess("tenant", "list", "--json");
  expect(listed).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(listed.stdout)).toMatchObject([{ slug: "acme" }]);
  const failed = await clarityProcess("tenant", "show", "nobody");
  expect(failed).toMatchObject({ code: 1, stdout: "" });
  expect(failed.stderr).toBe("failed: no tenant nobody\n");
});

test("Ctrl-C says that the command can be run again, and ends it", async () => {
  const ctx = platform.operator;
  const tenantId = (await ctx.registry.findBySlug("acme"))?.id ?? "";
  await withTenantLock({ ctx, tenantId }, async () => {
    const child = startClarity("tenant", "restore-confirm", "acme");
    const exited = once(child, "exit");
    const waiting = async () => {
      const rows = await ctx.admin`
        select from pg_locks where locktype = 'advisory' and not granted
          and objid = (hashtext(${tenantId})::bigint & 4294967295)::oid`;
      return rows.length;
    };
    await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
    child.kill("SIGINT");
    expect(await text(child.stderr)).toContain("run again");
    expect(await exited).toEqual([null, "SIGINT"]);
  });
});

test("tenant create refuses a sandbox that is not there and an origin that is none before anything is made", async () => {
  const create = "tenant create early --template basic-invoice --admin e@early.test --name Early";
  const nowhere = await clarity(`${create} --sandbox`);
  expect(nowhere).toMatchObject({ code: 1, stdout: "" });
  expect(nowhere.stderr).toContain("there is no sandbox here for early: npm start runs one");
  const wrong = await clarity(`${create} --origin http://localhost:8080/pay`);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toContain("scheme, host, port unless usual; no path, no wildcard");
  expect((await clarity("tenant list --json")).json()).not.toContainEqual(
    expect.objectContaining({ slug: "early" }),
  );
});

test("tenant create makes a tenant that list and show know", async () => {
  const made = await clarity(
    "tenant create globex --template d365-fo-enterprise --admin g@globex.test --name Globex --host pay.globex.example --json",
  );
  expect(made.code).toBe(0);
  expect(made.json()).toMatchObject({
    slug: "globex",
    template: "d365-fo-enterprise",
    hosts: ["globex.localhost", "pay.globex.example"],
    created: true,
    tookMs: expect.any(Number),
  });
  const listed = await clarity("tenant list --json");
  expect(listed.json().map(({ slug }: { slug: string }) => slug)).toEqual(["acme", "globex"]);
  const shown = await clarity("tenant show globex --json");
  expect(shown.json()).toMatchObject({ status: "active", provisioning: expect.arrayContaining([]) });
  expect(shown.json().provisioning).toHaveLength(5);
});

test("tenant create mails the owner the way in, from the neutral sender in the tenant's name, or tells it", async () => {
  const mailbox = await testMailbox();
  const dir = temporaryFolder();
  const { host, port, from } = mailbox.neutral.config;
  const mail = { url: `smtp://${host}:${port}`, from };
  writeInstance(dir, { ...platform.address, mail, edgeUrl: "http://127.0.0.1:4000/" });
  const made = await clarity(
    "tenant create mailed --template basic-invoice --admin o@mailed.test --name Mailed --json",
    { dir },
  );
  expect(made.json().portal).toEqual({
    url: "http://mailed.localhost:4000/portal",
    email: "o@mailed.test",
    mailed: true,
    cause: null,
    link: null,
  });
  const { mail: sent, link } = await mailbox.next("o@mailed.test");
  expect(sent.from).toMatchObject({ name: "Mailed", address: from });
  expect(sent.text).toContain(`http://mailed.localhost:4000/portal#/login/${link}`);
  expect(sent.html).not.toMatch(/clarity/i);
  await mailbox.close();
  const told = await clarity(
    "tenant create told --template basic-invoice --admin o@told.test --name Told --host pay.told.example",
  );
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(
    /o@told\.test \(no mail server is set up\).* https:\/\/pay\.told\.example\/portal#\/login\/[\w-]{43}$/,
  );
});

test("tenant create --origin lets a page embed the form, once more keeps those it had", async () => {
  const create = "tenant create pages --template basic-invoice --admin e@pages.test --name Pages";
  expect(await clarity(`${create} --origin http://localhost:8080`)).toMatchObject({ code: 0 });
  expect(await clarity(`${create} --origin https://erp.test`)).toMatchObject({ code: 0 });
  expect((await clarity("setting get pages embed.origins --json")).json()).toMatchObject({
    value: ["http://localhost:8080", "https://erp.test"],
  });
});

test("tenant create tells each step and its time on standard error, and as JSON keeps them in the answer", async () => {
  const words = "--template basic-invoice --admin s@steps.test --name Steps";
  const { stdout, stderr } = await clarity(`tenant create steps ${words}`);
  const names = ["registerTenant", "createRole", "createDatabase", "setPrivileges", "seed", "activate"];
  expect(stderr.split("\n").map((line) => line.replace(/ +\d+ ms$/, ""))).toEqual(names);
  expect(stdout).toMatch(/^steps is there after \d+ ms/);
  const again = await clarity(`tenant create steps ${words} --json`);
  expect(again.stderr).toBe("");
  expect(again.json()).toMatchObject({ created: false, steps: [{ step: "registerTenant" }] });
});

test("tenant show says where a tenant lives, its ring, pin and parking", async () => {
  const { sql } = platform.operator.registry;
  const until = "2030-01-01T00:00:00.000Z";
  await sql`
    update tenants set ring = 'early', pinned_version = '1.2.0', pin_reason = 'freeze', pin_until = ${until},
      parked_at = now(), parked_reason = '0009.sql: no' where slug = 'globex'`;
  expect((await clarity("tenant show globex --json")).json()).toMatchObject({
    databaseServer: null,
    latestSchemaVersion: expect.any(Number),
    ring: "early",
    pin: { version: "1.2.0", reason: "freeze", until },
    parked: { reason: "0009.sql: no" },
  });
  expect((await clarity("tenant show globex")).stdout).toMatch(/^pin +1\.2\.0, freeze, 2030-01-01/m);
  await sql`
    update tenants set pinned_version = null, pin_reason = null, pin_until = null, parked_at = null,
      parked_reason = null where slug = 'globex'`;
});

test("suspend and resume are shown at once", async () => {
  await clarity("tenant suspend acme");
  expect((await clarity("tenant show acme --json")).json().status).toBe("suspended");
  expect((await clarity("setting get acme seller.name")).stderr).toContain("is suspended");
  await clarity("tenant resume acme");
  expect((await clarity("tenant show acme --json")).json().status).toBe("active");
});

test("a secret comes in by standard input and never goes out", async () => {
  const set = await clarity("setting set acme provider.secretKey --json", { input: "sk_canary\n" });
  expect(set).toMatchObject({ code: 0 });
  const acme = await platform.operator.registry.findBySlug("acme");
  const { settings } = await platform.operator.tenants.open(acme?.id ?? "");
  await expect(settings.get("provider.secretKey")).resolves.toBe("sk_canary");
  for (const command of [
    "setting get acme provider.secretKey",
    "setting list acme --json",
    "doctor --json",
  ]) {
    const { stdout, stderr, code } = await clarity(command);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain("sk_canary");
  }
});

test("settings take text and JSON; a wrong value says what is wrong", async () => {
  await clarity("setting set acme seller.name Acme&Co");
  expect((await clarity("setting get acme seller.name")).stdout).toBe("Acme&Co");
  await clarity('setting set acme embed.origins ["https://erp.example"]');
  expect((await clarity("setting get acme embed.origins --json")).json().value).toEqual([
    "https://erp.example",
  ]);
  const wrong = await clarity("setting set acme embed.origins https://erp.example/path");
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("expected array");
  const unknown = await clarity("setting get acme nope");
  expect(unknown.stderr).toContain("no setting nope; there are: seller.name");
});

test("token mint signs what the server will accept with the tenant's newest key", async () => {
  const none = await clarity("token mint acme --customer 42");
  expect(none.code).toBe(1);
  expect(none.stderr).toContain("clarity embed-key add acme");
  const { secret } = (await clarity("embed-key add acme --id erp-1 --json")).json();
  const minted = (await clarity("token mint acme --customer 42 --invoices 7,8 --ttl 60 --json")).json();
  const { payload } = await jwtVerify(minted.token, new TextEncoder().encode(secret), {
    algorithms: ["HS256"],
    issuer: "erp-1",
    audience: "pay",
  });
  expect(payload).toMatchObject({ sub: "42", invoices: ["7", "8"], jti: expect.any(String) });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  const plain = (await clarity("token mint acme --customer 42")).stdout.trim();
  expect(decodeJwt(plain)).not.toHaveProperty("invoices");
  const long = await clarity("token mint acme --customer 42 --ttl 601");
  expect(long.code).toBe(1);
  expect(long.stderr).toContain("1 to 600 seconds");
  await clarity("embed-key revoke acme erp-1");
  expect((await clarity("token mint acme --customer 42")).code).toBe(1);
});

test.each([
  ["a tenant that does not exist", "tenant show nobody", "no tenant nobody"],
  ["an unknown command", "tenant destroy acme", "unknown command"],
  ["a payment that does not exist", "payment show acme R-1001", "acme has no payment R-1001"],
  ["a state that does not exist", "payment list acme --state paid", "Allowed choices are pending"],
  ["a missing option", "tenant create x1 --name X", "--template"],
  [
    "a bad slug",
    "tenant create Acme --template basic-invoice --admin a@b.test --name X",
    "lower-case letters",
  ],
])("%s ends with a cause on standard error and code 1", async (_, command, cause) => {
  const { code, stdout, stderr } = await clarity(command);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(cause);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("without a platform it says what to start", async () => {
  const { code, stderr } = await clarity("tenant list", { dir: join(dataDir, "none") });
  expect(code).toBe(1);
  expect(stderr).toContain("run npm start");
});

test("migrate and doctor find a healthy platform healthy", async () => {
  expect(await clarity("migrate --json").then(({ code, json }) => [code, json()])).toEqual([
    0,
    expect.objectContaining({ state: "finished", tenants: [] }),
  ]);
  expect((await clarity("doctor")).code).toBe(0);
});

test("the doctor's bad news ends with code 1 and says what to do", async () => {
  const { sql } = platform.operator.registry;
  await sql`update tenants set schema_version = 0, updated_at = clock_timestamp() where slug = 'acme'`;
  const { code, stdout } = await clarity("doctor");
  expect(code).toBe(1);
  expect(stdout).toMatch(/BAD {2}acme: .* run clarity migrate/);
  expect((await clarity("migrate --json")).json().tenants).toMatchObject([{ slug: "acme", error: null }]);
  expect((await clarity("doctor")).code).toBe(0);
});

test("a payment nobody knows the outcome of is listed and shown, of a suspended tenant too", async () => {
  const acme = await platform.operator.registry.findBySlug("acme");
  const { db, tenant, record } = await platform.operator.tenants.open(acme?.id ?? "");
  const id = "5a0e7d1c-0000-4000-8000-000000000002";
  await db.query`
    with payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor,
        surcharge_minor, total_minor, lines)
      values (${tenant.id}, ${id}, '42', '\\x00', 'pending', 'USD', 1250, 0, 1250, '[]')
      returning tenant_id
    )
    insert into pay.attempts (tenant_id, id, payment_id, provider, token, statement, state, leased_until,
      next_check_at, last_cause)
    values (${tenant.id}, ${id}, ${id}, 'sandbox', 'tok_canary', 'ACME', 'pending', now(), now(), 'no answer')
    returning tenant_id`;
  await platform.rewrite({ record }, "update pay.payments set created_at = now() - interval '2 min'");
  await clarity("tenant suspend acme");
  const listed = await clarity("payment list acme --json");
  expect(listed.json()).toMatchObject([{ id, state: "pending", totalMinor: "1250", cause: "no answer" }]);
  expect((await clarity("payment list acme --state declined")).stdout).toBe("none");
  const shown = await clarity(`payment show acme ${id} --json`);
  expect(shown.json()).toMatchObject({
    payment: { total_minor: "1250" },
    attempts: [{ provider: "sandbox" }],
  });
  const words = await clarity(`payment show acme ${id}`);
  expect(words.stdout).toContain("ledger: none");
  for (const { stdout } of [listed, shown, words]) expect(stdout).not.toContain("tok_canary");
  await clarity("tenant resume acme");
});

test("a dead letter is listed with its cause, replayed once, and audited", async () => {
  const acme = await platform.operator.registry.findBySlug("acme");
  const { db, tenant } = await platform.operator.tenants.open(acme?.id ?? "");
  const payment = "5a0e7d1c-0000-4000-8000-000000000001";
  await db.query`
    with payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor,
        surcharge_minor, total_minor, lines)
      values (${tenant.id}, ${payment}, '42', '\\x00', 'captured', 'USD', 1250, 0, 1250, '[]') returning tenant_id
    )
    insert into pay.outbox (tenant_id, kind, payment_id, state, tries, last_cause)
    values (${tenant.id}, 'erp_post', ${payment}, 'dead', 8, 'invoice is closed') returning tenant_id`;
  const [letter] = (await clarity("dead-letter list acme --json")).json();
  expect(letter).toMatchObject({ kind: "erp_post", amountMinor: "1250", cause: "invoice is closed" });
  expect((await clarity(`dead-letter replay acme ${letter.id}`)).code).toBe(0);
  expect((await clarity(`dead-letter replay acme ${letter.id}`)).stderr).toContain("no dead letter");
  expect((await clarity("dead-letter list acme")).stdout).toBe("none");
  const audited = await db.query`select tenant_id, actor from pay.audit_log where action = 'outbox.replayed'`;
  expect(audited).toMatchObject([{ actor: expect.stringMatching(/^operator:/) }]);
});
