import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { names } from "../names.ts";
import { moveTenant } from "../placement/move-tenant.ts";
import { startTwoServers, type TwoServers } from "../placement/testing/two-servers.ts";
import { asOwner } from "../servers/tenant-server.ts";
import { reportIsolation } from "./report.ts";

/** A tenant that was moved to a second database server, another there, and one that stayed. */
let servers: TwoServers;
let moved: OpenTenant;
let neighbour: OpenTenant;
beforeAll(async () => {
  servers = await startTwoServers();
  const { platform } = servers;
  await platform.createTenant("stayed");
  neighbour = await platform.createTenant("neighbour", { databaseServer: "second" });
  const { tenant } = await platform.createTenant("moved");
  const input = { slug: "moved", databaseServer: "second", pauseAndCopy: true };
  await moveTenant({ ctx: ctx(), input });
  moved = await ctx().tenants.open(tenant.id);
});
afterAll(() => servers.close());

const ctx = () => servers.platform.operator;
const template = () => names.template(ctx().address.namespace, latestSchemaVersion());

async function doors(): Promise<{ holds: boolean; found: string } | undefined> {
  const { tenants } = await reportIsolation({ ctx: ctx(), input: { reason: "a test", slug: "moved" } });
  return tenants[0]?.proofs?.find(({ promise }) => promise.startsWith("its role enters neither"));
}

async function onSecond(statements: string): Promise<void> {
  const sql = connect({ url: servers.secondUrl, max: 1 });
  await sql.unsafe(statements).finally(() => sql.end());
}

test("every promise holds of a tenant on another database server than the registry's", async () => {
  const { tenants } = await reportIsolation({ ctx: ctx(), input: { reason: "a test", slug: null } });
  for (const { slug, proofs, error } of tenants) {
    expect({ slug, error, broken: proofs?.filter(({ holds }) => !holds) }).toEqual({
      slug,
      error: null,
      broken: [],
    });
  }
  expect((await doors())?.found).toBe("refused at the registry, the template, 1 of other tenants' databases");
});

test("a neighbour's door that is open there is found", async () => {
  const grant = `connect on database "${neighbour.record.database.name}"`;
  await onSecond(`grant ${grant} to "${moved.record.database.role}"`);
  expect(await doors()).toMatchObject({
    holds: false,
    found: `not refused at ${neighbour.record.database.name}`,
  });
  await onSecond(`revoke ${grant} from "${moved.record.database.role}"`);
});

test("the template's door that is open there is found", async () => {
  const { role } = moved.record.database;
  await onSecond(`alter database "${template()}" allow_connections true`);
  await onSecond(`grant connect on database "${template()}" to "${role}"`);
  expect(await doors()).toMatchObject({ holds: false, found: `not refused at ${template()}` });
  await onSecond(`revoke connect on database "${template()}" from "${role}"`);
  expect((await doors())?.holds).toBe(true);
});

test("the registry's door, on its own server, is found open to the tenant's role and password", async () => {
  const { role } = moved.record.database;
  const registry = new URL(ctx().address.registryUrl).pathname.slice(1);
  const { password } = new URL(await connectionUrl({ registry: ctx().registry, record: moved.record }));
  const [left] = await ctx().admin`select from pg_roles where rolname = ${role}`;
  await ctx().admin.unsafe(`
    ${left ? "alter" : "create"} role "${role}" login password '${decodeURIComponent(password)}' connection limit 5;
    grant connect on database "${registry}" to "${role}"`);
  expect(await doors()).toMatchObject({ holds: false, found: `not refused at ${registry}` });
  await ctx().admin.unsafe(`revoke connect on database "${registry}" from "${role}"`);
  expect((await doors())?.holds).toBe(true);
});

test("a view that reads as its owner, past row-level security, is found", async () => {
  const own = (statements: string) =>
    asOwner({ ctx: ctx(), record: moved.record }, (sql) => sql.unsafe(statements));
  const tables = async () => {
    const { tenants } = await reportIsolation({ ctx: ctx(), input: { reason: "a test", slug: "moved" } });
    return tenants[0]?.proofs?.find(({ promise }) => promise.startsWith("row-level security is on"));
  };
  await own("create view pay.everybody as select * from pay.users");
  expect(await tables()).toMatchObject({ holds: false, found: "everybody" });
  await own("alter view pay.everybody set (security_invoker = on)");
  expect(await tables()).toMatchObject({ holds: true });
  await own("drop view pay.everybody");
});

test("a template that is not there is no door, and is not counted as one", async () => {
  await onSecond(`alter database "${template()}" is_template false`);
  await onSecond(`drop database "${template()}"`);
  expect(await doors()).toMatchObject({
    holds: true,
    found: "refused at the registry, 1 of other tenants' databases",
  });
});
