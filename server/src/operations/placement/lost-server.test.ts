import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { requestDeletion } from "../deletion/request-deletion.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { addDatabaseServer, removeDatabaseServer } from "../servers/database-servers.ts";
import { paymentRows } from "../testing/lived-in-tenant.ts";
import { abortMove } from "./abort-move.ts";
import { confirmMove } from "./confirm-move.ts";
import { moveTenant } from "./move-tenant.ts";
import { type OtherServer, startOtherServer } from "./testing/other-server.ts";
import { moveChildren } from "./testing/run-move-child.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());
const inChild = moveChildren(() => platform);
const ctx = () => platform.operator;

async function audited(tenantId: string) {
  const rows = await ctx().registry.sql`
    select action, detail from operator_audit where tenant_id = ${tenantId} order by id desc limit 1`;
  return rows[0];
}

/** Known as `name`; its `close` is what loses it. */
async function addServer(name: string): Promise<OtherServer> {
  const other = await startOtherServer();
  await addDatabaseServer({ ctx: ctx(), input: { name, adminUrl: other.url } });
  return other;
}

test.each(["move", "move-abort"])(
  "killed in the pause, and the server it led to lost: %s serves the tenant where it was, and says what is left to do",
  async (verb) => {
    const slug = `by-${verb}`;
    const server = `lost-${verb}`;
    const lost = await addServer(server);
    const { tenant } = await platform.createTenant(slug);
    const input = { slug, databaseServer: server };
    expect(await inChild("move", input, { dieBefore: "verify" })).toBe("SIGKILL");
    await lost.close();
    const again =
      verb === "move" ? moveTenant({ ctx: ctx(), input }) : abortMove({ ctx: ctx(), input: { slug } });
    await expect(again).rejects.toThrow(`database server ${server} does not answer`);
    await expect(again).rejects.toThrow(`${slug} is served where it was`);
    await expect(again).rejects.toThrow(`clarity tenant move-abort ${slug} --force-reason`);
    await paymentRows(await ctx().tenants.open(tenant.id));
  },
  60_000,
);

test("killed in the pause, the server it led to gone for good: an abort with a reason ends it, and nothing stays at the source", async () => {
  const gone = await addServer("gone-target");
  const tenant = await platform.createTenant("ended");
  const input = { slug: "ended", databaseServer: "gone-target" };
  expect(await inChild("move", input, { dieBefore: "verify" })).toBe("SIGKILL");
  const forced = () => abortMove({ ctx: ctx(), input: { slug: "ended", forceReason: "its disk broke" } });
  await expect(forced()).rejects.toThrow("gone-target answers: without --force-reason");
  await gone.close();
  const { database } = tenant.record;
  const aborted = await forced();
  expect(aborted.abortedAt).toEqual(expect.any(Date));
  const loss = {
    forceReason: "its disk broke",
    left: {
      server: "gone-target",
      database: database.name,
      role: database.role,
      replication: expect.stringMatching(/move/),
    },
  };
  expect(aborted.loss).toEqual(loss);
  expect(await audited(tenant.tenant.id)).toMatchObject({ action: "tenant.move.abort", detail: loss });
  // A slot that is kept would keep the server's log for ever.
  const [left] = await ctx().admin`
    select
      (select count(*)::int from pg_replication_slots where database = ${database.name}) as slots,
      (select count(*)::int from pg_roles where rolname = ${aborted.loss?.left.replication ?? ""}) as roles`;
  expect(left).toEqual({ slots: 0, roles: 0 });
  await paymentRows(await ctx().tenants.open(tenant.tenant.id));
  await removeDatabaseServer({ ctx: ctx(), input: { name: "gone-target" } });
  await expect(forced()).resolves.toMatchObject({ loss: null });
}, 60_000);

test.each(["done", "stopReplication"])(
  "moved off a server that is then gone for good, the move itself killed before %s: confirmed with a reason, and the tenant is free",
  async (dieBefore) => {
    const [slug, server] = [`off-${dieBefore.toLowerCase()}`, `gone-${dieBefore.toLowerCase()}`];
    const gone = await addServer(server);
    const { tenant, record } = await platform.createTenant(slug, { databaseServer: server });
    const input = { slug, databaseServer: "main" };
    expect(await inChild("move", input, { dieBefore })).toBe("SIGKILL");
    const forced = () => confirmMove({ ctx: ctx(), input: { slug, forceReason: "its disk broke" } });
    await expect(forced()).rejects.toThrow(`${server} answers: without --force-reason`);
    await gone.close();
    const confirmed = confirmMove({ ctx: ctx(), input: { slug } });
    await expect(confirmed).rejects.toThrow(`database server ${server} does not answer`);
    await expect(confirmed).rejects.toThrow(`clarity tenant move-confirm ${slug} --force-reason`);
    const advice = (await diagnose({ ctx: ctx() })).find(({ what }) =>
      what.startsWith(`${slug}: its old copy`),
    );
    expect(advice?.advice).toContain(`--force-reason`);

    const { loss } = await forced();
    const { name: database, role } = record.database;
    expect(loss).toMatchObject({ forceReason: "its disk broke", left: { server, database, role } });
    expect(await audited(tenant.id)).toMatchObject({ action: "tenant.move.confirm", detail: loss });
    const subscribed = await ctx().admin`
      select from pg_subscription s join pg_database d on d.oid = s.subdbid where datname = ${database}`;
    expect(subscribed).toEqual([]);
    await removeDatabaseServer({ ctx: ctx(), input: { name: server } });
    await paymentRows(await ctx().tenants.open(tenant.id));
    await requestDeletion({ ctx: ctx(), input: { slug, forceReason: "a test" } });
  },
  60_000,
);
