import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { startOtherServer } from "../placement/testing/other-server.ts";
import { createTenant } from "../provisioning/create-tenant.ts";
import type { NewTenant } from "../provisioning/new-tenant.ts";
import { inputFor } from "../provisioning/testing/input-for.ts";
import { waitForLock } from "../provisioning/testing/wait-for-lock.ts";
import { addDatabaseServer } from "../servers/database-servers.ts";
import { deleteTenantNow } from "./delete-tenant-now.ts";
import { TooLateToRestore } from "./errors.ts";
import { requestDeletion } from "./request-deletion.ts";
import { restoreTenant } from "./restore-tenant.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

/** @returns the half made tenant's record */
async function halfMade(input: NewTenant, stopBefore: string) {
  const stopped = createTenant({
    ctx: platform.operator,
    input,
    onStep(step) {
      if (step === stopBefore) throw new Error("stopped");
    },
  });
  await expect(stopped).rejects.toThrow();
  const record = await platform.operator.registry.findBySlug(input.slug);
  if (!record) throw new Error("it was not registered");
  return record;
}

const giveUp = (slug: string, forceReason?: string) =>
  deleteTenantNow({ ctx: platform.operator, input: { slug, ...(forceReason && { forceReason }) } });

test.each([
  ["createRole", {}],
  ["createDatabase", {}],
  ["setPrivileges", {}],
  ["seed", { users: 0 }],
  ["activate", { users: 1 }],
])("a creation that stopped before %s is ended by delete --now, and its name is free", async (step, rows) => {
  const { operator } = platform;
  const { id, database } = await halfMade(inputFor("stopped", { hosts: ["pay.stopped.test"] }), step);
  await expect(requestDeletion({ ctx: operator, input: { slug: "stopped" } })).rejects.toThrow("--now");
  const { certificate } = await giveUp("stopped");
  expect(certificate).toMatchObject({
    tenant: { id },
    destroyed: { hosts: ["pay.stopped.test", "stopped.localhost"], rowCounts: rows },
  });
  const { admin, registry } = operator;
  expect(await admin`select from pg_database where datname = ${database.name}`).toHaveLength(0);
  expect(await admin`select from pg_roles where rolname = ${database.role}`).toHaveLength(0);
  expect(await registry.findBySlug("stopped")).toBeNull();
  await expect(giveUp("stopped")).resolves.toMatchObject({ certificate });
});

test("on a server that never answers again it takes a reason, which stands in the certificate", async () => {
  const other = await startOtherServer();
  await addDatabaseServer({ ctx: platform.operator, input: { name: "gone", adminUrl: other.url } });
  await halfMade(inputFor("stuck", { databaseServer: "gone" }), "seed");
  await other.close();
  await expect(giveUp("stuck")).rejects.toThrow("--force-reason");
  const { certificate } = await giveUp("stuck", "the server burnt down");
  expect(certificate.unfinished.reason).toBe("the server burnt down");
  await createTenant({ ctx: platform.operator, input: inputFor("stuck") });
});

test("what its server answers and does not drop is not certified, whatever the reason", async () => {
  const { admin } = platform.operator;
  const { database } = await halfMade(inputFor("kept"), "setPrivileges");
  await admin.unsafe(`alter database "${database.name}" is_template true`);
  await expect(giveUp("kept", "clean up")).rejects.toThrow("template database");
  await admin.unsafe(`alter database "${database.name}" is_template false`);
  await expect(giveUp("kept", "clean up")).resolves.toMatchObject({ certificate: {} });
  expect(await admin`select from pg_database where datname = ${database.name}`).toHaveLength(0);
});

test("once given up it is neither restored nor made after all", async () => {
  const { operator: ctx } = platform;
  await halfMade(inputFor("over"), "seed");
  const stopped = deleteTenantNow({
    ctx,
    input: { slug: "over" },
    onStep(step) {
      if (step === "dropDatabase") throw new Error("stopped");
    },
  });
  await expect(stopped).rejects.toThrow("stopped");
  await expect(restoreTenant({ ctx, input: { slug: "over" } })).rejects.toBeInstanceOf(TooLateToRestore);
  await expect(createTenant({ ctx, input: inputFor("over") })).rejects.toThrow("is taken");
  await giveUp("over");
});

test("a creation under way is not given up: it ends first", async () => {
  let givenUp: Promise<unknown> = Promise.resolve();
  const { tenant } = await createTenant({
    ctx: platform.operator,
    input: inputFor("busy"),
    async onStep(step) {
      if (step !== "createDatabase") return;
      givenUp = giveUp("busy").catch((error: Error) => error.message);
      await waitForLock(platform.operator, { slug: "busy", waiting: 1 });
    },
  });
  expect(await givenUp).toContain("half made no more");
  await expect(platform.operator.tenants.open(tenant.id)).resolves.toBeDefined();
});
