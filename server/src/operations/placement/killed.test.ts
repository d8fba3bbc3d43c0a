import { afterAll, beforeAll, expect, test } from "vitest";
import { quotas } from "../../tenant/quotas.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { abortMove } from "./abort-move.ts";
import { confirmMove } from "./confirm-move.ts";
import { moveTenant } from "./move-tenant.ts";
import { moveChildren } from "./testing/run-move-child.ts";
import { startTwoServers, type TwoServers } from "./testing/two-servers.ts";

let servers: TwoServers;
const inChild = moveChildren(() => servers.platform);
beforeAll(async () => {
  servers = await startTwoServers();
});
afterAll(() => servers.close());

const ctx = () => servers.platform.operator;

async function livedIn(slug: string): Promise<OpenTenant> {
  const tenant = await servers.platform.createTenant(slug);
  await withSecrets(tenant);
  await paymentRows(tenant);
  return tenant;
}

/** Where it is served now, it takes a payment; while it is not, it takes none. @returns how many it took */
async function payIfServed({ tenant }: OpenTenant): Promise<number> {
  const record = await ctx().registry.findById(tenant.id);
  if (record?.status === "moving") {
    await expect(ctx().tenants.open(tenant.id)).rejects.toMatchObject({ code: "tenant_moving" });
    return 0;
  }
  await paymentRows(await ctx().tenants.open(tenant.id));
  return 1;
}

async function countPayments({ tenant }: OpenTenant): Promise<number> {
  const { db } = await ctx().tenants.open(tenant.id);
  return (await db.query`select tenant_id from pay.payments`).length;
}

const audited = async ({ tenant }: OpenTenant) =>
  (
    await ctx().registry.sql`select action from operator_audit where tenant_id = ${tenant.id} order by id`
  ).map(({ action }) => action);

const throughout = [
  "requestMove",
  "prepareTarget",
  "startReplication",
  "waitForCopy",
  "holdMigrations",
  "pause",
  "catchUp",
  "copySequences",
  "verify",
  "openTarget",
  "switchPlace",
  "stopReplication",
  "sealSource",
  "unmarkTarget",
  "limitRole",
  "done",
];
/** The rest is the same. */
const ofCopying = ["prepareTarget", "copyTables", "copySequences", "switchPlace", "stopReplication"];
const ofConfirming = [
  "stopReplication",
  "unmarkTarget",
  "limitRole",
  "dropSource",
  "recordConfirmation",
  "done",
];

test.each(["replication", "copy"] as const)(
  "killed with -9 before each step of a move by %s, the next run goes on, and every payment arrives once",
  async (method) => {
    const slug = `moved-by-${method}`;
    const tenant = await livedIn(slug);
    const input = { slug, databaseServer: "second", pauseAndCopy: method === "copy" };
    let payments = 1;
    for (const dieBefore of method === "copy" ? ofCopying : throughout) {
      expect([dieBefore, await inChild("move", input, { dieBefore })]).toEqual([dieBefore, "SIGKILL"]);
      payments += await payIfServed(tenant);
    }
    const moved = await moveTenant({ ctx: ctx(), input });
    expect(moved).toMatchObject({ method, switchedAt: expect.any(Date), confirmedAt: null });
    expect(await countPayments(tenant)).toBe(payments);

    for (const dieBefore of method === "copy" ? [] : ofConfirming) {
      expect([dieBefore, await inChild("confirm", input, { dieBefore })]).toEqual([dieBefore, "SIGKILL"]);
      expect(await countPayments(tenant)).toBe(payments);
    }
    await confirmMove({ ctx: ctx(), input: { slug } });
    await servers.expectAlone(tenant, "second");
    expect(await audited(tenant)).toEqual([
      "tenant.create",
      "tenant.move",
      "tenant.move.switch",
      "tenant.move.confirm",
    ]);
  },
  120_000,
);

test("killed before each step of an abort, the next run ends it, and nothing is left elsewhere", async () => {
  const tenant = await livedIn("aborted");
  const input = { slug: "aborted", databaseServer: "second" };
  expect(await inChild("move", input, { dieBefore: "switchPlace" })).toBe("SIGKILL");
  let payments = 1;
  for (const dieBefore of ["resumeSource", "stopReplication", "dropTarget", "recordAbortion", "done"]) {
    expect([dieBefore, await inChild("abort", input, { dieBefore })]).toEqual([dieBefore, "SIGKILL"]);
    payments += await payIfServed(tenant);
  }
  expect(payments).toBeGreaterThan(1);
  await abortMove({ ctx: ctx(), input: { slug: "aborted" } });
  await servers.expectAlone(tenant, "main");
  expect(await countPayments(tenant)).toBe(payments);
  expect(await audited(tenant)).toEqual(["tenant.create", "tenant.move", "tenant.move.abort"]);
}, 60_000);

test("killed at any instant, the next run goes on", async () => {
  const tenant = await livedIn("any-instant");
  let payments = 1;
  for (const dieAfterMs of [150, 900]) {
    await inChild("move", { slug: "any-instant", databaseServer: "second" }, { dieAfterMs });
    payments += await payIfServed(tenant);
  }
  await moveTenant({ ctx: ctx(), input: { slug: "any-instant", databaseServer: "second" } });
  await confirmMove({ ctx: ctx(), input: { slug: "any-instant" } });
  await servers.expectAlone(tenant, "second");
  expect(await countPayments(tenant)).toBe(payments);
}, 60_000);

test("killed in the pause, and the next run while it takes that back, it is served while its rows are copied", async () => {
  const { tenant } = await servers.platform.createTenant("twice");
  const input = { slug: "twice", databaseServer: "second" };
  expect(await inChild("move", input, { dieBefore: "catchUp" })).toBe("SIGKILL");
  // The first statement of resumeSource, and no more of it.
  await ctx().registry.sql`update moves set paused_at = null where slug = 'twice'`;
  const seen: Record<string, string | undefined> = {};
  await moveTenant({
    ctx: ctx(),
    input,
    onStep: async (step) => {
      seen[step] = (await ctx().registry.findById(tenant.id))?.status;
    },
  });
  expect(seen).toMatchObject({ prepareTarget: "active", waitForCopy: "active", pause: "active" });
}, 60_000);

test("a promotion killed right after its switch, and confirmed: its role has the new tier's limits", async () => {
  const { record } = await servers.platform.createTenant("risen");
  const input = { slug: "risen", databaseServer: "second", tier: "dedicated" as const, pauseAndCopy: true };
  expect(await inChild("move", input, { dieBefore: "stopReplication" })).toBe("SIGKILL");
  await confirmMove({ ctx: ctx(), input: { slug: "risen" } });
  const [role] = await servers.second`
    select rolconnlimit as limit from pg_roles where rolname = ${record.database.role}`;
  expect(role?.limit).toBe(quotas.dedicated.connections);
}, 60_000);
