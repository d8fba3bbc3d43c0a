import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CannotDecrypt } from "../../crypto/seal.ts";
import { createDataKey, openTenantKeys, type WrappedDataKey } from "../../crypto/tenant-keys.ts";
import { connect } from "../../database/connect.ts";
import { TenantSuspended, TenantUnknown } from "../../tenant/errors.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { initSigningKey, openSigningKey } from "../keys/signing-keys.ts";
import { suspendTenant } from "../provisioning/change-status.ts";
import { finishWork, paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { deleteTenantNow } from "./delete-tenant-now.ts";
import type { DestroyedTenant } from "./destroy-tenant.ts";
import { WorkUnfinished } from "./errors.ts";
import { purgeTenants } from "./purge-tenants.ts";
import { requestDeletion } from "./request-deletion.ts";
import { restoreTenant } from "./restore-tenant.ts";
import { expectGone as expectAllGone } from "./testing/expect-gone.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const mark = (slug: string, more: { graceDays?: number; forceReason?: string } = {}) =>
  requestDeletion({ ctx: platform.operator, input: { slug, ...more } });
const restore = (slug: string) => restoreTenant({ ctx: platform.operator, input: { slug } });
const destroy = (slug: string, forceReason?: string) =>
  deleteTenantNow({ ctx: platform.operator, input: { slug, ...(forceReason && { forceReason }) } });
const purge = () => purgeTenants({ ctx: platform.operator });

/** As if the days had passed. */
const letPass = (slug: string) =>
  platform.operator.registry.sql`update deletions set due_at = now() where slug = ${slug}`;

const expectGone = (tenant: OpenTenant, destroyed: DestroyedTenant) =>
  expectAllGone({ ctx: platform.operator, tenant, destroyed });

describe("in the grace period", () => {
  test("nothing is served: payers are told tenant_deleting, by host and by token", async () => {
    const acme = await platform.createTenant("acme");
    const { dueAt, requestedAt } = await mark("acme", { graceDays: 7 });
    expect(dueAt.getTime() - requestedAt.getTime()).toBe(7 * 86_400_000);
    const { registry, tenants } = platform.operator;
    await expect(registry.findByHost("acme.localhost")).resolves.toMatchObject({ status: "deleting" });
    const opened = tenants.open(acme.tenant.id, { evenSuspended: true });
    await expect(opened).rejects.toMatchObject({ code: "tenant_deleting" });
    await expect(registry.findBySlug("acme")).resolves.toMatchObject({ status: "deleting" });
  });

  test("purge destroys nothing, and asking again does not move the date", async () => {
    const first = await mark("acme", { graceDays: 7 });
    const again = await mark("acme", { graceDays: 1 });
    expect(again.dueAt).toEqual(first.dueAt);
    await expect(purge()).resolves.toEqual([]);
  });

  test("restore brings it back with its rows, and the second restore changes nothing", async () => {
    await expect(restore("acme")).resolves.toEqual({ status: "active" });
    await expect(restore("acme")).resolves.toEqual({ status: "active" });
    const record = await platform.operator.registry.findByHost("acme.localhost");
    const { db } = await platform.operator.tenants.open(record?.id ?? "");
    await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
    await letPass("acme");
    await expect(purge()).resolves.toEqual([]);
  });

  test("a suspended tenant is suspended again after it", async () => {
    const idle = await platform.createTenant("idle");
    await suspendTenant({ ctx: platform.operator, input: { slug: "idle" } });
    await mark("idle");
    await expect(restore("idle")).resolves.toEqual({ status: "suspended" });
    await expect(platform.operator.tenants.open(idle.tenant.id)).rejects.toBeInstanceOf(TenantSuspended);
  });

  test("of a restore and a purge at once one wins, and the tenant is whole or gone", async () => {
    const torn = await platform.createTenant("torn");
    await mark("torn", { graceDays: 0 });
    const [restored, purged] = await Promise.all([restore("torn").catch((error) => error), purge()]);
    const record = await platform.operator.registry.findBySlug("torn");
    if (record) {
      expect([restored, purged[0]?.destroyed ?? null]).toEqual([{ status: "active" }, null]);
      const { db } = await platform.operator.tenants.open(record.id);
      await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
    } else {
      expect(restored).toBeInstanceOf(Error);
      await expectGone(torn, purged[0]?.destroyed as DestroyedTenant);
    }
  });
});

test("after it, purge leaves nothing but a signed certificate with what there was", async () => {
  const tenant = await platform.createTenant("due", { hosts: ["pay.due.example"] });
  await paymentRows(tenant);
  await finishWork(tenant);
  await mark("due");
  await letPass("due");
  const purged = await purge();
  expect(purged).toMatchObject([{ slug: "due", error: null }]);
  const destroyed = purged[0]?.destroyed as DestroyedTenant;
  await expectGone(tenant, destroyed);
  expect(destroyed.certificate).toMatchObject({
    requestedBy: "operator:test",
    destroyedBy: "operator:test",
    destroyed: {
      hosts: ["due.localhost", "pay.due.example"],
      rowCounts: { payments: 1, attempts: 1, ledger_entries: 2, users: 1, customers: 0 },
    },
    unfinished: { payments: 0, deliveries: 0, reason: null },
  });
  await expect(purge()).resolves.toEqual([]);
  await expect(restore("due")).rejects.toBeInstanceOf(TenantUnknown);
  const { registry, address } = platform.operator;
  const [kept] = await registry.sql<{ certificate: string }[]>`
    select certificate from deletions where slug = 'due'`;
  expect(kept?.certificate).toBe(destroyed.jws);
  const keyFile = join(dirname(address.masterKeyFile), "certificate.key");
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
});

test("an altered certificate is found out", async () => {
  const key = await openSigningKey(platform.operator);
  const [header, , signature] = (await key.sign({ tenant: "a" })).split(".");
  const forged = Buffer.from(JSON.stringify({ tenant: "b" })).toString("base64url");
  await expect(key.verify([header, forged, signature].join("."))).rejects.toThrow("signature");
  const genuine = await key.sign({ tenant: "a" });
  await expect(key.verify(genuine)).resolves.toEqual({ tenant: "a" });
  expect(decodeProtectedHeader(genuine)).toMatchObject({ alg: "Ed25519", kid: key.id });
});

test("the public key that comes with a certificate is the one that signed it, wherever it is asked for", async () => {
  await platform.createTenant("signed");
  const { jws } = await destroy("signed");
  const keyFile = join(dirname(platform.operator.address.masterKeyFile), "certificate.key");
  const own = readFileSync(keyFile);
  // As where the file was lost. Nothing is destroyed that no certificate could be signed for.
  rmSync(keyFile);
  await platform.createTenant("elsewhere");
  await expect(destroy("elsewhere")).rejects.toThrow("signing key");
  await expect(restore("elsewhere")).resolves.toEqual({ status: "active" });
  await initSigningKey({ ctx: platform.operator, input: { reason: "lost" } });
  await destroy("elsewhere");
  try {
    const again = await destroy("signed");
    expect(again.jws).toBe(jws);
    await expect(
      compactVerify(jws, await importJWK(again.publicKey ?? {}, "Ed25519")),
    ).resolves.toBeDefined();
    // By code from before the key was in the header.
    const claims = Buffer.from(JSON.stringify(again.certificate));
    const header = { alg: "Ed25519", kid: again.publicKey?.kid ?? "" };
    const older = await new CompactSign(claims)
      .setProtectedHeader(header)
      .sign(await importJWK(JSON.parse(own.toString()), "Ed25519"));
    await platform.operator.registry.sql`update deletions set certificate = ${older} where slug = 'signed'`;
    await expect(destroy("signed")).resolves.toMatchObject({ jws: older, publicKey: { kid: header.kid } });
    await platform.operator.registry.sql`delete from signing_keys where id = ${header.kid}`;
    await expect(destroy("signed")).resolves.toMatchObject({ jws: older, publicKey: null });
  } finally {
    writeFileSync(keyFile, own);
  }
  await initSigningKey({ ctx: platform.operator, input: { reason: "found again" } });
});

test("the name and the host are free again, and the gone tenant's certificate stays", async () => {
  const first = await platform.createTenant("again");
  const gone = await destroy("again");
  await expect(destroy("again")).resolves.toEqual(gone);
  const second = await platform.createTenant("again");
  expect(second.tenant.id).not.toBe(first.tenant.id);
  const goneToo = await destroy("again");
  expect(goneToo.certificate.tenant.id).toBe(second.tenant.id);
});

test("a restored copy of the database keeps its secrets to itself for ever", async () => {
  const tenant = await platform.createTenant("copied");
  await withSecrets(tenant);
  const { admin, registry, address } = platform.operator;
  const { name } = tenant.record.database;
  const copy = `${address.namespace}_backup`;
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
  await admin.unsafe(`create database ${copy} template ${name}`);
  const url = new URL(address.adminUrl);
  url.pathname = `/${copy}`;
  const backup = connect({ url: url.href, max: 1 });
  const [row] = await backup<{ ciphertext: Uint8Array; version: number }[]>`
    select ciphertext, key_version as version from pay.settings where key = 'provider.secretKey'`;
  await backup.end();
  const sealed = { ciphertext: row?.ciphertext ?? new Uint8Array(), keyVersion: Number(row?.version) };
  const { masterKey } = registry;
  const tenantId = tenant.record.id;
  const read = async (dataKey: WrappedDataKey) =>
    (await openTenantKeys({ tenantId, dataKey, masterKey })).open("setting:provider.secretKey", sealed);
  const storedKeys = async () => {
    const rows = await registry.sql<{ wrapped: Uint8Array; version: number }[]>`
      select data_key as wrapped, data_key_version as version from tenants`;
    return Promise.allSettled(rows.map(read));
  };
  // As long as the key is there, the copy is as good as the original.
  expect(await storedKeys()).toContainEqual({ status: "fulfilled", value: "canary-of-a-secret" });

  await destroy("copied");
  await platform.createTenant("bystander");
  const answers = await storedKeys();
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: "rejected", reason: expect.any(CannotDecrypt) });
  }
  // Nor does the master key make the same key again.
  await expect(createDataKey({ tenantId, masterKey }).then(read)).rejects.toBeInstanceOf(CannotDecrypt);
});

describe("with payments open or deliveries due", () => {
  test("it is refused and nothing has changed: by any open state, or by a delivery alone", async () => {
    const tenant = await platform.createTenant("unfinished");
    await paymentRows(tenant);
    await expect(mark("unfinished")).rejects.toThrow("1 open payments and 1 deliveries");
    await finishWork(tenant);
    for (const state of ["requires_action", "authorized", "conflicted"]) {
      await platform.rewrite(tenant, `update pay.payments set state = '${state}'`);
      await expect(mark("unfinished")).rejects.toThrow("1 open payments and 0 deliveries");
    }
    await finishWork(tenant);
    // A dead one waits for a person, and its ERP still knows nothing of the money.
    for (const state of ["due", "dead"]) {
      await platform.rewrite(tenant, `update pay.outbox set state = '${state}'`);
      await expect(destroy("unfinished")).rejects.toBeInstanceOf(WorkUnfinished);
    }
    await expect(platform.operator.tenants.open(tenant.tenant.id)).resolves.toBeDefined();
  });

  test("one that slipped in before the door was closed stops the destruction, and restore saves it", async () => {
    const tenant = await platform.createTenant("slipped");
    await mark("slipped", { graceDays: 0 });
    // A request that had opened the tenant before it was marked.
    await paymentRows(tenant);
    await expect(purge()).resolves.toMatchObject([
      { slug: "slipped", error: expect.stringContaining("1 open") },
    ]);
    await expect(restore("slipped")).resolves.toEqual({ status: "active" });
    const { db } = await platform.operator.tenants.open(tenant.tenant.id);
    await expect(db.query`select tenant_id from pay.payments`).resolves.toHaveLength(1);
  });

  test("a reason overrides, and stands in the certificate and the audit log", async () => {
    const tenant = await platform.createTenant("forced");
    await paymentRows(tenant);
    const destroyed = await destroy("forced", "court order 7 O 12/26");
    await expectGone(tenant, destroyed);
    expect(destroyed.certificate.unfinished).toEqual({
      payments: 1,
      deliveries: 1,
      reason: "court order 7 O 12/26",
    });
    const audited = await platform.operator.registry.sql<{ action: string; reason: string }[]>`
      select action, detail ->> 'forceReason' as reason from operator_audit
      where tenant_id = ${tenant.tenant.id} and action in ('tenant.delete', 'tenant.destroy') order by id`;
    expect([...audited]).toEqual([
      { action: "tenant.delete", reason: "court order 7 O 12/26" },
      { action: "tenant.destroy", reason: "court order 7 O 12/26" },
    ]);
  });
});
