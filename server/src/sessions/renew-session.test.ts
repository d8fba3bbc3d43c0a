import { createSecretKey, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { requestDigest } from "../../contract/edge-trust/index.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { json } from "../tenant/tenant-db.ts";
import { addEmbedKey, findEmbedKey, revokeEmbedKey } from "./embed-keys.ts";
import { createJwks } from "./jwks.ts";
import { openSession } from "./open-session.ts";

const secret = createSecretKey(randomBytes(32));
let line: TestServer;
let acme: TestTenant;
let made = 0;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: secret } });
});
beforeEach(async () => {
  acme = await line.createTenant(`acme-${++made}`);
});
afterAll(() => line.close());

async function open(token?: string) {
  const findKey = (id: string) => findEmbedKey({ ...acme.open, id });
  const embedToken = token ?? (await acme.token());
  const opened = await openSession({
    ctx: acme.ctx,
    input: { embedToken, locales: ["en"], findKey, jwks: createJwks() },
  });
  if (opened.kind === "refused") throw new Error(opened.code);
  return opened.grant;
}

/** As the edge asks, for a session that this key vouched for. */
async function renew(key: string | undefined, more: { sub?: string } = {}) {
  const url = "http://server/internal/v1/session/renew";
  const request = { method: "POST", url, body: "{}" };
  const iat = Math.floor(Date.now() / 1000);
  const claims = { tenant: acme.open.tenant.id, sub: more.sub ?? "C-1", inv: null, scopes: ["pay"] };
  const token = await new SignJWT({
    ...{ ...claims, ...(key && { key }), locale: "en", origin: null, sid: "s", rid: "r" },
    ...{ aud: "shared", iat, exp: iat + 30, req: requestDigest(request) },
  })
    .setProtectedHeader({ alg: "HS256", typ: "internal+jwt" })
    .sign(secret);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await line.server.fetch(new Request(url, { method: "POST", headers, body: "{}" }));
  return { status: answer.status, ...((await answer.json()) as { code?: string; limits?: object }) };
}

const usual = { idleS: 1_800, absoluteS: 28_800 };

test("a session is opened and renewed within the tenant's limits as they are at the time", async () => {
  const { keyId, limits } = await open();
  expect(limits).toEqual(usual);
  expect(await renew(keyId)).toEqual({ status: 200, limits: usual });
  await acme.open.settings.set("session.idleSeconds", 60);
  await acme.open.settings.set("session.absoluteSeconds", 120);
  expect(await renew(keyId)).toEqual({ status: 200, limits: { idleS: 60, absoluteS: 120 } });
});

test.each([0, 29, 86_401, 1.5, "600", null])("an idle limit of %j is refused", async (value) => {
  await expect(acme.open.settings.set("session.idleSeconds", value as never)).rejects.toThrow();
});

test("limits that cannot be read are as usual, and keep nobody from paying", async () => {
  const { ctx } = acme;
  await ctx.db.query`
    insert into pay.settings (tenant_id, key, value)
    values (${ctx.tenant.id}::uuid, 'session.idleSeconds', ${json("a while")}) returning tenant_id`;
  const { keyId, limits } = await open();
  expect(limits).toEqual(usual);
  expect(await renew(keyId)).toEqual({ status: 200, limits: usual });
});

test("a renewal spends no embed token and writes nothing", async () => {
  const { keyId } = await open();
  const rows = async () => {
    const [row] = await acme.ctx.db.query<{ tenant_id: string; tokens: string; audit: string }>`
      select ${acme.ctx.tenant.id}::uuid as tenant_id, (select count(*) from pay.used_tokens) as tokens,
        (select count(*) from pay.audit_log) as audit`;
    return { tokens: String(row?.tokens), audit: String(row?.audit) };
  };
  const before = await rows();
  for (let n = 0; n < 3; n++) expect(await renew(keyId)).toMatchObject({ status: 200 });
  expect(await rows()).toEqual(before);
});

test("with its embed key a session ends, and another key's goes on", async () => {
  const { keyId = "" } = await open();
  const { id: other } = await addEmbedKey({ ctx: acme.open, input: { algorithm: "HS256" } });
  await revokeEmbedKey({ ctx: acme.open, input: { id: keyId } });
  await expect
    .poll(async () => renew(keyId), { timeout: 5_000 })
    .toMatchObject({ status: 401, code: "token_invalid" });
  expect(await renew(other)).toMatchObject({ status: 200 });
});

test("a customer that the ERP has closed has no session any more; one that it cannot be asked about goes on", async () => {
  const { keyId } = await open();
  const stale = () =>
    acme.ctx.db.query`update pay.customers set synced_at = now() - interval '10 min' returning tenant_id`;
  await stale();
  acme.erp.fail("unavailable", "read");
  expect(await renew(keyId)).toMatchObject({ status: 200 });
  await stale();
  acme.erp.customers.delete("C-1");
  expect(await renew(keyId)).toMatchObject({ status: 404, code: "not_found" });
});

test("a suspended tenant's sessions are not renewed", async () => {
  const { keyId } = await open();
  const { sql } = line.platform.operator.registry;
  await sql`update tenants set status = 'suspended', updated_at = clock_timestamp() where id = ${acme.open.tenant.id}`;
  await expect.poll(async () => (await renew(keyId)).code, { timeout: 10_000 }).toBe("tenant_suspended");
});
