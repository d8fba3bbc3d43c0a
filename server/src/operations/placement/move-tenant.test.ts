import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyAudit } from "../../audit/verify-audit.ts";
import { connect } from "../../database/connect.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { deleteTenantNow } from "../deletion/delete-tenant-now.ts";
import { requestDeletion } from "../deletion/request-deletion.ts";
import { CopyDiffers, MoveRefused } from "../errors.ts";
import { suspendTenant } from "../provisioning/change-status.ts";
import { finishWork, paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { abortMove } from "./abort-move.ts";
import { confirmMove } from "./confirm-move.ts";
import { moveTenant } from "./move-tenant.ts";
import type { NewMove } from "./request-move.ts";
import { startTwoServers, type TwoServers } from "./testing/two-servers.ts";

let servers: TwoServers;
beforeAll(async () => {
  // The registry's own server can be followed, this one cannot.
  servers = await startTwoServers({ wal_level: "replica" });
});
afterAll(() => servers.close());

const ctx = () => servers.platform.operator;
const move = (input: NewMove, onStep?: (step: string) => unknown) =>
  moveTenant({ ctx: ctx(), input, onStep: async (step) => void (await onStep?.(step)) });
const toSecond = (slug: string, onStep?: (step: string) => unknown) =>
  move({ slug, databaseServer: "second" }, onStep);
/** Quicker, where it does not matter how the rows come over. */
const copyToSecond = (slug: string, onStep?: (step: string) => unknown) =>
  move({ slug, databaseServer: "second", pauseAndCopy: true }, onStep);
const confirm = (slug: string) => confirmMove({ ctx: ctx(), input: { slug } });
const abort = (slug: string) => abortMove({ ctx: ctx(), input: { slug } });
const reopen = ({ tenant }: OpenTenant) => ctx().tenants.open(tenant.id);

/** A second administrator in the tenant's database at a server. */
async function inside<T>(
  { record }: OpenTenant,
  server: "main" | "second",
  run: (sql: ReturnType<typeof connect>) => Promise<T>,
): Promise<T> {
  const url = new URL(server === "main" ? ctx().address.adminUrl : servers.secondUrl);
  url.pathname = `/${record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function instanceLives(more: { audience: string; version?: string; schema?: [number, number] }) {
  const [minimum, latest] = more.schema ?? [1, latestSchemaVersion()];
  await ctx().registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (${randomUUID()}, ${more.audience}, ${more.version ?? "1.0.0"}, ${latest}, ${minimum}, now(), now())`;
}
beforeEach(() => ctx().registry.sql`delete from instances`);

test("every row, number and secret arrives, in one place or the other, and the audit chain goes on", async () => {
  const acme = await servers.platform.createTenant("acme");
  await withSecrets(acme);
  await paymentRows(acme);
  const moved = await toSecond("acme");
  expect(moved).toMatchObject({ method: "replication", methodReason: null, to: { server: "second" } });
  expect(moved?.verified?.payments).toEqual({ rows: 1, checksum: expect.stringMatching(/^-?\d+$/) });
  expect(moved?.pauseMs).toBeGreaterThan(0);

  const there = await reopen(acme);
  expect(there.record.database.server?.name).toBe("second");
  await expect(there.settings.get("provider.secretKey")).resolves.toBe("canary-of-a-secret");
  await paymentRows(there);
  const receipts = await there.db.query<{ tenant_id: string; receipt_number: string }>`
    select tenant_id, receipt_number from pay.payments order by receipt_number`;
  expect(receipts.map(({ receipt_number }) => receipt_number)).toEqual(["1001", "1002"]);

  await confirm("acme");
  await servers.expectAlone(acme, "second");
  await expect(confirm("acme")).resolves.toMatchObject({ confirmedAt: expect.any(Date) });

  const back = await move({ slug: "acme", databaseServer: "main" });
  expect(back).toMatchObject({
    method: "copy",
    methodReason: "the source's wal_level is replica, not logical",
  });
  await confirm("acme");
  await servers.expectAlone(acme, "main");
  const home = await reopen(acme);
  await paymentRows(home);
  const chain = await verifyAudit({ registry: ctx().registry.sql, db: home.db });
  expect(chain).toMatchObject({ damage: null });
});

test("a tenant whose database's name is as long as a name can be is moved like any other", async () => {
  const { record } = await servers.platform.createTenant("restored");
  // A restore in the longest namespace makes one.
  const longest = `${record.database.name}_r`.padEnd(63, "0");
  await servers.main`
    select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${record.database.name}`;
  await servers.main.unsafe(`alter database "${record.database.name}" rename to "${longest}"`);
  await ctx().registry.sql`
    update tenants set database_name = ${longest}, updated_at = clock_timestamp() where id = ${record.id}`;
  const tenant = await ctx().tenants.open(record.id);
  const payment = await paymentRows(tenant);
  await copyToSecond("restored");
  const there = await reopen(tenant);
  expect(await there.db.query`select tenant_id, id from pay.payments`).toMatchObject([{ id: payment }]);
  await confirm("restored");
  await servers.expectAlone(tenant, "second");
});

test("what is written while rows follow arrives, and nothing can be written to the old copy after the pause", async () => {
  const tenant = await servers.platform.createTenant("written");
  for (let n = 0; n < 20; n++) await paymentRows(tenant);
  let before = 20;
  let refused = 0;
  await toSecond("written", async (step) => {
    if (["waitForCopy", "holdMigrations", "pause"].includes(step)) {
      await paymentRows(await reopen(tenant));
      before++;
    } else if (["catchUp", "verify", "switchPlace"].includes(step)) {
      await expect(reopen(tenant)).rejects.toMatchObject({ code: "tenant_moving" });
      // A request that was let in before the pause holds the old place.
      await expect(paymentRows(tenant)).rejects.toMatchObject({ code: "tenant_unavailable" });
      refused++;
    }
  });
  expect(refused).toBe(3);
  const { db } = await reopen(tenant);
  expect(await db.query`select tenant_id from pay.payments`).toHaveLength(before);
});

test("a payment whose provider is being asked when the pause comes ends first, and its outcome arrives", async () => {
  const tenant = await servers.platform.createTenant("in-flight");
  const id = await paymentRows(tenant);
  await tenant.db.query`update pay.attempts set leased_until = now() + interval '60 s' returning tenant_id`;
  // Delivered: nobody works on it any more.
  await tenant.db.query`
    update pay.outbox set state = 'done', leased_until = now() + interval '60 s' returning tenant_id`;
  let ended: Promise<unknown> = Promise.resolve();
  const moved = await copyToSecond("in-flight", (step) => {
    if (step !== "pause") return;
    // The handle it was let in with, while newcomers are refused.
    ended = expect
      .poll(() => ctx().registry.findById(tenant.tenant.id))
      .toMatchObject({ status: "moving" })
      .then(
        () => tenant.db.query`
        update pay.attempts set state = 'captured', leased_until = now() returning tenant_id`,
      );
  });
  await ended;
  // It did not wait as long as it would for one that does not end.
  expect(moved?.pauseMs).toBeLessThan(3_000);
  const { db } = await reopen(tenant);
  const rows = await db.query<{ tenant_id: string; payment_id: string; state: string }>`
    select tenant_id, payment_id, state from pay.attempts`;
  expect(rows).toMatchObject([{ payment_id: id, state: "captured" }]);
});

test("a copy that is not the same ends the move: it is served where it was, and the copy is gone", async () => {
  const tenant = await servers.platform.createTenant("differs");
  await paymentRows(tenant);
  const differs = copyToSecond("differs", async (step) => {
    if (step !== "verify") return;
    await inside(
      tenant,
      "second",
      (sql) => sql`update pay.ledger_entries set amount_minor = amount_minor + 1`,
    );
  });
  await expect(differs).rejects.toThrow(CopyDiffers);
  await expect(differs).rejects.toThrow("ledger_entries has 2 rows at the source and 2 at the target");
  await servers.expectAlone(tenant, "main");
  const [audited] = await ctx().registry.sql`
    select detail from operator_audit where tenant_id = ${tenant.tenant.id} and action = 'tenant.move.abort'`;
  expect(audited?.detail.reason).toContain("ledger_entries");
  await expect(copyToSecond("differs")).resolves.toMatchObject({ switchedAt: expect.any(Date) });
});

test("when a step fails the tenant is served where it was, and the next run goes on", async () => {
  const tenant = await servers.platform.createTenant("fails");
  const failing = copyToSecond("fails", (step) => {
    if (step === "switchPlace") throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await paymentRows(await reopen(tenant));
  await expect(copyToSecond("fails")).resolves.toMatchObject({ switchedAt: expect.any(Date) });
  expect(await (await reopen(tenant)).db.query`select tenant_id from pay.payments`).toHaveLength(1);
});

test("a suspended tenant is moved and stays suspended", async () => {
  const tenant = await servers.platform.createTenant("idle");
  await suspendTenant({ ctx: ctx(), input: { slug: "idle" } });
  await copyToSecond("idle");
  await expect(ctx().registry.findById(tenant.tenant.id)).resolves.toMatchObject({ status: "suspended" });
});

test("an abort before the switch leaves everything as it was; after it, it is refused", async () => {
  const tenant = await servers.platform.createTenant("changed-mind");
  await expect(abort("changed-mind")).rejects.toThrow("no move of changed-mind is under way");
  const stopped = copyToSecond("changed-mind", (step) => {
    if (step === "verify") throw new Error("stop");
  });
  await expect(stopped).rejects.toThrow("stop");
  await expect(confirm("changed-mind")).rejects.toThrow("has not moved yet");
  await abort("changed-mind");
  await servers.expectAlone(tenant, "main");
  await copyToSecond("changed-mind");
  await expect(abort("changed-mind")).rejects.toThrow(/has moved: clarity tenant move-confirm, then .* main/);
});

describe("is refused, and changes nothing", () => {
  let tenant: OpenTenant;
  beforeAll(async () => {
    tenant = await servers.platform.createTenant("stays");
  });
  const refused = async (input: Omit<NewMove, "slug">, why: string | RegExp) => {
    await expect(move({ slug: "stays", ...input })).rejects.toThrow(why);
    await servers.expectAlone(tenant, "main");
    expect(await ctx().registry.sql`select from moves where slug = 'stays' and aborted_at is null`).toEqual(
      [],
    );
  };

  test("to a database server the registry does not know", () =>
    refused({ databaseServer: "nowhere" }, "no database server nowhere: clarity database-server list"));

  test("to an instance nobody has seen", () =>
    refused({ instance: "https://typo.test" }, "no server says that it is https://typo.test"));

  test("to an instance that cannot read its schema", async () => {
    const latest = latestSchemaVersion();
    await instanceLives({ audience: "https://newer.test", schema: [latest + 1, latest + 2] });
    await refused({ instance: "https://newer.test" }, `stays is at schema ${latest}, and https://newer.test`);
  });

  test("of a tenant that is not there, or half made", async () => {
    await expect(copyToSecond("nobody")).rejects.toThrow(TenantUnknown);
  });

  test("where a database of that name is there already, and it is left alone", async () => {
    const { name } = tenant.record.database;
    await servers.second.unsafe(`create database "${name}"`);
    await expect(copyToSecond("stays")).rejects.toThrow(/is there already, and not by this move/);
    await abort("stays");
    expect(await servers.second`select from pg_database where datname = ${name}`).toHaveLength(1);
    await servers.second.unsafe(`drop database "${name}"`);
    await servers.expectAlone(tenant, "main");
  });

  test("elsewhere while another move waits; deleting it waits as well, or a copy would outlive it", async () => {
    await copyToSecond("stays");
    await expect(move({ slug: "stays", databaseServer: "main" })).rejects.toThrow(MoveRefused);
    const deletion = requestDeletion({ ctx: ctx(), input: { slug: "stays" } });
    await expect(deletion).rejects.toThrow("clarity tenant move-confirm or move-abort first");
    // Left by a drill that was killed.
    const drilled = `${tenant.record.database.name}_drill`;
    await ctx().admin.unsafe(`create database "${drilled}"`);
    await confirm("stays");
    expect(await ctx().admin`select from pg_database where datname = ${drilled}`).toEqual([]);
    await deleteTenantNow({ ctx: ctx(), input: { slug: "stays" } });
    const { name, role } = tenant.record.database;
    expect(await servers.second`select from pg_database where datname = ${name}`).toEqual([]);
    expect(await servers.second`select from pg_roles where rolname = ${role}`).toEqual([]);
  });
});

test("to where it lives already is no move, and an instance or tier alone moves no row", async () => {
  const tenant = await servers.platform.createTenant("near");
  await expect(move({ slug: "near", databaseServer: "main", instance: "shared" })).resolves.toBeNull();
  await instanceLives({ audience: "https://near.test" });
  const moved = await move({ slug: "near", instance: "https://near.test", tier: "dedicated" });
  expect(moved).toMatchObject({ method: null, verified: null, confirmedAt: expect.any(Date) });
  const { record } = await reopen(tenant);
  expect(record).toMatchObject({ upstream: "https://near.test", tier: "dedicated" });
  const [role] = await servers.main`
    select rolconnlimit as limit from pg_roles where rolname = ${record.database.role}`;
  expect(role?.limit).toBe(100);
});

test("a living instance is named by its URL, however that is spelled", async () => {
  await servers.platform.createTenant("spelled");
  await instanceLives({ audience: "http://spelled.test:81" });
  const there = () => move({ slug: "spelled", instance: "HTTP://Spelled.test:81/" });
  // As its servers spell it: they compare what they are asked for with that.
  await expect(there()).resolves.toMatchObject({ to: { upstream: "http://spelled.test:81" } });
  await ctx().registry.sql`delete from instances`;
  await expect(there()).resolves.toBeNull();
});

test("a move that older code began is taken for this one's own, and its mark is removed at the end", async () => {
  await servers.platform.createTenant("begun");
  const stopped = copyToSecond("begun", (step) => {
    if (step === "verify") throw new Error("stop");
  });
  await expect(stopped).rejects.toThrow("stop");
  const record = await ctx().registry.findBySlug("begun");
  const name = `"${record?.database.name}"`;
  const [open] = await ctx().registry.sql<{ id: string }[]>`
    select id from moves where slug = 'begun' and aborted_at is null`;
  const second = connect({ url: servers.secondUrl, max: 1 });
  await second.unsafe(`
    alter database ${name} reset application_name; alter database ${name} set "pay.move" = '${open?.id}'`);
  await copyToSecond("begun");
  expect(
    await second`
      select setconfig from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
      where datname = ${record?.database.name ?? ""} and setrole = 0`,
  ).toEqual([]);
  await second.end();
  await confirm("begun");
});

test("a change of tier that was stopped right after its switch is made whole by the next run", async () => {
  const tenant = await servers.platform.createTenant("risen");
  const stopped = move({ slug: "risen", tier: "dedicated" }, (step) => {
    if (step === "limitRole") throw new Error("stop");
  });
  await expect(stopped).rejects.toThrow("stop");
  await expect(move({ slug: "risen", tier: "dedicated" })).resolves.toBeNull();
  const [role] = await servers.main`
    select rolconnlimit as limit from pg_roles where rolname = ${tenant.record.database.role}`;
  expect(role?.limit).toBe(100);
});

test("a tenant is made on the server that is named, and runs through its whole life there", async () => {
  const tenant = await servers.platform.createTenant("made-there", { databaseServer: "second" });
  await servers.expectAlone(tenant, "second");
  await paymentRows(tenant);
  await finishWork(tenant);
  await deleteTenantNow({ ctx: ctx(), input: { slug: "made-there" } });
  expect(
    await servers.second`select from pg_database where datname = ${tenant.record.database.name}`,
  ).toEqual([]);
  const nowhere = servers.platform.createTenant("made-nowhere", { databaseServer: "nowhere" });
  await expect(nowhere).rejects.toThrow("no database server nowhere");
});
