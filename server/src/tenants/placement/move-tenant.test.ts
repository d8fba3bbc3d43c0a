import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/client.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { confirmMove } from "./confirm-move.ts";
import { addDatabaseServer } from "./database-servers.ts";
import { moveTenant } from "./move-tenant.ts";
import { type OtherServer, startOtherServer } from "./testing/other-server.ts";

let platform: TestPlatform;
let other: OtherServer;
beforeAll(async () => {
  [platform, other] = await Promise.all([testPlatform(), startOtherServer()]);
  await addDatabaseServer({ ctx: platform.operator, input: { name: "second", adminUrl: other.url } });
});
afterAll(() => Promise.all([platform.close(), other.close()]));

test("a tenant moves with every row, setting and secret, is served there, and its old copy is dropped when confirmed", async () => {
  const { operator: ctx } = platform;
  const acme = await platform.createTenant("acme");
  await withSecrets(acme);
  await paymentRows(acme);
  const moved = await moveTenant({ ctx, input: { slug: "acme", databaseServer: "second" } });
  expect(moved).toMatchObject({ method: "replication", to: { server: "second" } });
  expect(moved?.verified?.payments).toEqual({ rows: 1, checksum: expect.stringMatching(/^-?\d+$/) });
  const there = await ctx.tenants.open(acme.tenant.id);
  expect(there.record.database.server?.name).toBe("second");
  expect(await there.settings.get("provider.secretKey")).toBe("canary-of-a-secret");
  await paymentRows(there);
  await confirmMove({ ctx, input: { slug: "acme" } });
  const left = await ctx.admin`select from pg_database where datname = ${acme.record.database.name}`;
  expect(left).toHaveLength(0);
  const admin = connect({ url: other.url, max: 1 });
  expect(await admin`select from pg_subscription`).toHaveLength(0);
  await admin.end();
});
