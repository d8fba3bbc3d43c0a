import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommandLine } from "../../cli/testing/run-command-line.ts";
import { openRegistry } from "../../registry/registry.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { writeInstance } from "../config.ts";
import { addHost } from "./add-host.ts";
import { createTenant } from "./create-tenant.ts";
import { removeHost } from "./remove-host.ts";

let platform: TestPlatform;
const dataDir = temporaryFolders()();
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  await platform.createTenant("acme");
  await platform.createTenant("globex");
});
afterAll(() => platform.close());

const clarity = (command: string) => runCommandLine({ args: command.split(" "), dataDir });
const add = (slug: string, host: string) => addHost({ ctx: platform.operator, input: { slug, host } });
const remove = (slug: string, host: string) => removeHost({ ctx: platform.operator, input: { slug, host } });
const ownerOf = async (host: string) => (await platform.operator.registry.findByHost(host))?.slug ?? null;

test("a host is added once, in whatever case, and stands in the operators' audit log", async () => {
  await expect(add("acme", "Pay.Acme.test")).resolves.toEqual({
    host: "pay.acme.test",
    hosts: ["acme.localhost", "pay.acme.test"],
    added: true,
  });
  await expect(add("acme", "pay.acme.test")).resolves.toMatchObject({ added: false });
  expect(await ownerOf("pay.acme.test:4000")).toBe("acme");
  const rows = await platform.operator.registry.sql<{ action: string; host: string }[]>`
    select action, detail ->> 'host' as host from operator_audit where action like 'host.%'`;
  expect(rows).toEqual([{ action: "host.add", host: "pay.acme.test" }]);
});

test("another tenant's host is refused, and the answer says whose it is and how it becomes free", async () => {
  await add("acme", "taken.test");
  await expect(add("globex", "taken.test")).rejects.toMatchObject({
    name: "HostTaken",
    message: "taken.test belongs to acme: clarity host remove acme taken.test frees it",
  });
  await expect(add("globex", "acme.localhost")).rejects.toMatchObject({ name: "HostTaken" });
  await remove("acme", "taken.test");
  await expect(add("globex", "taken.test")).resolves.toMatchObject({ added: true });
  expect(await ownerOf("taken.test")).toBe("globex");
});

test.each([
  "http://pay.test",
  "pay.test:443",
  "pay.test/x",
  "*.pay.test",
  "localhost",
  "127.0.0.1",
  "pay_test.test",
  "-a.test",
  "",
  "münchen.test",
])("%s is no host name a tenant can have", async (host) => {
  await expect(add("acme", host)).rejects.toThrow("a host name without scheme");
});

test("the last host stays, another's is not one's own, and two at once leave one", async () => {
  await createTenant({
    ctx: platform.operator,
    input: {
      slug: "two",
      name: "Two",
      template: "basic-invoice",
      adminEmail: "a@two.test",
      hosts: ["b.two.test"],
    },
  });
  await expect(remove("two", "acme.localhost")).rejects.toThrow("two does not answer at acme.localhost");
  const both = await Promise.allSettled([remove("two", "two.localhost"), remove("two", "b.two.test")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const record = await platform.operator.registry.findBySlug("two");
  expect(record?.hosts).toHaveLength(1);
  await expect(remove("two", record?.hosts[0] ?? "")).rejects.toThrow("is the only one two answers at");
});

test("while a tenant is made or destroyed its hosts stay as they are", async () => {
  const { sql } = platform.operator.registry;
  for (const [status, words] of [
    ["creating", "half made"],
    ["deleting", "being deleted"],
  ] as const) {
    await sql`update tenants set status = ${status} where slug = 'globex'`;
    await expect(add("globex", "more.test")).rejects.toThrow(words);
    await expect(remove("globex", "globex.localhost")).rejects.toThrow(words);
  }
  await sql`update tenants set status = 'active' where slug = 'globex'`;
  await expect(add("nobody", "more.test")).rejects.toMatchObject({ name: "TenantUnknown" });
});

test("a server knows a host that changed hands as its new tenant's, though the registry be away by then", async () => {
  const { registryUrl } = platform.address;
  const registry = openRegistry({ url: registryUrl, masterKey: platform.operator.registry.masterKey });
  await add("acme", "changes.test");
  expect((await registry.findByHost("changes.test"))?.slug).toBe("acme");
  await remove("acme", "changes.test");
  await expect.poll(async () => (await registry.findByHost("changes.test"))?.slug).toBeUndefined();
  await add("globex", "changes.test");
  await expect.poll(async () => (await registry.findByHost("changes.test"))?.slug).toBe("globex");
  await registry.close();
});

test("the command line adds, lists and removes", async () => {
  expect((await clarity("host add acme shop.acme.test")).stdout).toBe(
    "acme answers at shop.acme.test; in all at acme.localhost, pay.acme.test, shop.acme.test",
  );
  expect((await clarity("host add acme shop.acme.test --json")).json()).toMatchObject({ added: false });
  expect((await clarity("host list acme --json")).json()).toContain("shop.acme.test");
  expect((await clarity("host remove acme shop.acme.test")).stdout).toContain(
    "still at acme.localhost, pay.acme.test",
  );
  expect((await clarity("host list acme")).stdout).toBe("acme.localhost\npay.acme.test");
});

test("a tenant that is there is not changed by being asked for again: what is otherwise is said, with exit code 1", async () => {
  const asked = "tenant create again --name Again --template basic-invoice --admin ada@again.test";
  expect(await clarity(`${asked} --host pay.again.test`)).toMatchObject({ code: 0 });
  const same = await clarity(`${asked} --host PAY.again.test --tier standard`);
  expect(same.code).toBe(0);
  expect(same.stdout).toBe(
    "again was there already, is not changed and answers at again.localhost, pay.again.test",
  );
  const more = `${asked} --host pay.again.test --host new.again.test --tier dedicated --instance https://own.test`;
  const other = await clarity(more);
  expect(other.code).toBe(1);
  expect(other.stdout.split("\n").slice(1)).toEqual([
    "left as it is: host new.again.test was asked for, it is not one of its own: clarity host add again new.again.test",
    "left as it is: tier dedicated was asked for, it is standard: clarity tenant promote again, or demote",
    expect.stringMatching(
      /^left as it is: instance https:\/\/own\.test .*: clarity tenant move again --instance/,
    ),
  ]);
  expect((await clarity(`${more} --json`)).json()).toMatchObject({
    created: false,
    notAsAsked: [
      { what: "host new.again.test" },
      { what: "tier dedicated" },
      { what: "instance https://own.test" },
    ],
  });
  expect((await clarity("host list again --json")).json()).not.toContain("new.again.test");
});
