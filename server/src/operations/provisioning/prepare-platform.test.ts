import { randomBytes } from "node:crypto";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../../telemetry/log.ts";
import { testPlatform, testServerUrl } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { openOperator } from "../operator.ts";
import { createTenant } from "./create-tenant.ts";
import { preparePlatform } from "./prepare-platform.ts";

const folder = temporaryFolders();
const namespace = `p${randomBytes(5).toString("hex")}`;
const adminRole = `${namespace}_admin`;
let superuser: postgres.Sql;
let adminUrl: string;

beforeAll(async () => {
  const url = new URL(await testServerUrl());
  superuser = postgres(url.href, { max: 1, onnotice: () => {} });
  await superuser.unsafe(`create role ${adminRole} login createdb createrole password 'secret'`);
  await superuser.unsafe(`create database ${adminRole} owner ${adminRole}`);
  url.username = adminRole;
  url.password = "secret";
  url.pathname = `/${adminRole}`;
  adminUrl = url.href;
});
afterAll(async () => {
  const databases =
    await superuser`select datname as name from pg_database where starts_with(datname, ${namespace})`;
  for (const { name } of databases) {
    await superuser`alter database ${superuser(name)} is_template false`;
    await superuser`drop database ${superuser(name)} with (force)`;
  }
  const roles = await superuser`
    select rolname as name from pg_roles where starts_with(rolname, ${namespace}) order by rolname = ${adminRole}`;
  for (const { name } of roles) {
    await superuser`drop owned by ${superuser(name)} cascade`;
    await superuser`drop role ${superuser(name)}`;
  }
  await superuser.end();
});

test("an administrator who is no superuser, but may make roles and databases, is enough", async () => {
  const masterKeyFile = join(folder(), "master.key");
  const address = await preparePlatform({ adminUrl, masterKeyFile, namespace });
  await preparePlatform(address);
  const ctx = openOperator({
    address,
    operator: "test",
    log: createLogger({ name: "test", level: "silent" }),
  });
  const { tenant } = await createTenant({
    ctx,
    input: { slug: "acme", name: "Acme", template: "basic-invoice", adminEmail: "ada@acme.test" },
  });
  const { settings } = await ctx.tenants.open(tenant.id);
  await expect(settings.get("seller.name")).resolves.toBe("Acme");
  await ctx.close();
});

test("a namespace that is no plain name is refused", async () => {
  const masterKeyFile = join(folder(), "master.key");
  await expect(preparePlatform({ adminUrl, masterKeyFile, namespace: 'a"; drop' })).rejects.toThrow(
    "namespace",
  );
});

test("preparing again keeps tenants and the registry's password when it is given, and renews it when not", async () => {
  const platform = await testPlatform();
  const acme = await platform.createTenant("acme");
  const { address } = platform;
  await expect(preparePlatform(address)).resolves.toEqual(address);
  await expect(platform.operator.registry.findById(acme.tenant.id)).resolves.toMatchObject({
    status: "active",
  });
  const { adminUrl, masterKeyFile, namespace } = address;
  const renewed = await preparePlatform({ adminUrl, masterKeyFile, namespace });
  expect(renewed.registryUrl).not.toBe(address.registryUrl);
  await platform.close();
});
