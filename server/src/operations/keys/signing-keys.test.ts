import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import type { Operator } from "../operator.ts";
import {
  distrustSigningKey,
  initSigningKey,
  listSigningKeys,
  openSigningKey,
  signingKeyFile,
  trustSigningKey,
} from "./signing-keys.ts";

let platform: TestPlatform;
let ctx: Operator;
beforeAll(async () => {
  platform = await testPlatform();
  ctx = platform.operator;
});
beforeEach(async () => {
  rmSync(signingKeyFile(ctx), { force: true });
  for (const table of ["signing_keys", "deletions"])
    await ctx.registry.sql`delete from ${ctx.registry.sql(table)}`;
});
afterAll(() => platform.close());

const init = (reason: string | null) => initSigningKey({ ctx, input: { reason } });
const publicJwk = async () => {
  const { publicKey } = await generateKeyPair("Ed25519");
  return { ...(await exportJWK(publicKey)) };
};

test("the key is made while nothing was signed, remembered, and never made a second time", async () => {
  const first = await openSigningKey(ctx);
  expect(await listSigningKeys({ ctx })).toMatchObject([
    { id: first.id, platform: null, distrustedAt: null },
  ]);
  const file = signingKeyFile(ctx);
  renameSync(file, `${file}.kept`);
  await expect(openSigningKey(ctx)).rejects.toThrow(/signing key .* is gone: put back the file/);
  await expect(init(null)).rejects.toThrow("--reason");
  renameSync(`${file}.kept`, file);
  expect((await openSigningKey(ctx)).id).toBe(first.id);
});

test("where certificates were signed before the registry knew keys, a missing file is a lost one", async () => {
  await ctx.registry.sql`
    insert into deletions (tenant_id, slug, name, database_name, login_role, hosts, status_before, requested_by,
      due_at, destroying_at, row_counts, destroyed_at, certificate)
    values (gen_random_uuid(), 'gone', 'Gone', 'd', 'r', '{}', 'active', 'test', now(), now(), '{}', now(), 'jws')`;
  await expect(openSigningKey(ctx)).rejects.toThrow("is gone");
  await expect(init(null)).rejects.toThrow("--reason");
  await expect(init("the disk was lost")).resolves.toBeDefined();
});

test("a new one is begun with by a reason, and one that lies there is taken on; what went before stays known", async () => {
  const first = await openSigningKey(ctx);
  const file = signingKeyFile(ctx);
  await expect(init("again")).rejects.toThrow("already");
  const before = await reasons();
  rmSync(file);
  const second = await init("the disk was lost");
  expect(second.id).not.toBe(first.id);
  expect((await openSigningKey(ctx)).id).toBe(second.id);
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  writeFileSync(file, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
  chmodSync(file, 0o600);
  await expect(openSigningKey(ctx)).rejects.toThrow("not the one that the registry knows");
  const third = await init("another host's");
  expect((await listSigningKeys({ ctx })).map(({ id }) => id)).toEqual([first.id, second.id, third.id]);
  expect((await reasons()).slice(before.length)).toEqual(["the disk was lost", "another host's"]);
});

async function reasons() {
  const audited = await ctx.registry.sql`
    select detail ->> 'reason' as reason from operator_audit where action = 'signing_key.init' order by id`;
  return audited.map(({ reason }) => reason);
}

test("another platform's key is believed by name, until it is not, and never under two names", async () => {
  const jwk = await publicJwk();
  const { id } = await trustSigningKey({ ctx, input: { platform: "elsewhere", jwk } });
  await expect(trustSigningKey({ ctx, input: { platform: "other", jwk } })).rejects.toThrow("known already");
  await distrustSigningKey({ ctx, input: { id } });
  expect(await listSigningKeys({ ctx })).toMatchObject([
    { id, platform: "elsewhere", distrustedAt: expect.any(Date) },
  ]);
  await expect(distrustSigningKey({ ctx, input: { id } })).rejects.toThrow("signing-key list");
  await trustSigningKey({ ctx, input: { platform: "elsewhere", jwk } });
  expect(await listSigningKeys({ ctx })).toMatchObject([{ id, distrustedAt: null }]);
});

test("our own key cannot be pinned as somebody else's", async () => {
  const own = await openSigningKey(ctx);
  await expect(
    trustSigningKey({ ctx, input: { platform: "elsewhere", jwk: own.publicJwk } }),
  ).rejects.toThrow("known already");
});

test.each([
  ["a private key", async () => ({ ...(await publicJwk()), d: "x" })],
  ["a symmetric key", async () => ({ kty: "oct", k: "AAAA" })],
  ["another curve", async () => ({ ...(await publicJwk()), crv: "X25519" })],
  ["a short key", async () => ({ ...(await publicJwk()), x: "AAAA" })],
  ["nothing", async () => null],
])("%s is not believed", async (_, jwk) => {
  await expect(
    trustSigningKey({ ctx, input: { platform: "elsewhere", jwk: await jwk() } }),
  ).rejects.toThrow();
  expect(await listSigningKeys({ ctx })).toEqual([]);
});

test.each(["", "a", "-a", "A b", "x".repeat(41), "a\n"])("a platform is not called %j", async (name) => {
  await expect(trustSigningKey({ ctx, input: { platform: name, jwk: await publicJwk() } })).rejects.toThrow();
});
