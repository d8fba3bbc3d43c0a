import { createHash } from "node:crypto";
import { compactVerify, importJWK } from "jose";
import { expect } from "vitest";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { openSigningKey } from "../../keys/signing-keys.ts";
import type { Operator } from "../../operator.ts";
import type { DestroyedTenant } from "../destroy-tenant.ts";

/** Nothing of it is anywhere; the certificate says so and is signed by the platform. */
export async function expectGone({
  ctx,
  tenant: { record },
  destroyed,
}: {
  ctx: Operator;
  tenant: OpenTenant;
  destroyed: DestroyedTenant;
}): Promise<void> {
  const { admin, registry } = ctx;
  expect(await admin`select from pg_database where datname = ${record.database.name}`).toHaveLength(0);
  expect(await admin`select from pg_roles where rolname = ${record.database.role}`).toHaveLength(0);
  expect(await registry.sql`select from tenants where id = ${record.id}`).toHaveLength(0);
  expect(await registry.sql`select from hosts where tenant_id = ${record.id}`).toHaveLength(0);

  const key = await openSigningKey(ctx);
  expect(destroyed.publicKey).toEqual(key.publicJwk);
  const { payload } = await compactVerify(
    destroyed.jws,
    await importJWK(destroyed.publicKey ?? {}, "Ed25519"),
  );
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual(destroyed.certificate);
  expect(destroyed.certificate).toMatchObject({
    tenant: { id: record.id, slug: record.slug },
    destroyed: {
      database: record.database.name,
      role: record.database.role,
      hosts: record.hosts,
      wrappedDataKeySha256: createHash("sha256").update(record.dataKey.wrapped).digest("hex"),
    },
  });
}
