import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionLimits } from "@clarity/server/contract";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { afterAll, expect, test } from "vitest";
import { accessTokenLifeS, createAccessTokens } from "./access-token.ts";
import { edgeKeyOf, openEdgeKeys } from "./keys.ts";

const dir = mkdtempSync(join(tmpdir(), "access-tokens-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, "edge-key.pem");
const [former, next] = [newKey(), newKey()];

function newKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}
const pemOf = (key: KeyObject) => String(key.export({ type: "pkcs8", format: "pem" }));
const write = (...keys: KeyObject[]) => writeFileSync(file, keys.map(pemOf).join("\n"));

const grant = {
  tenantId: "0198a000-0000-7000-8000-00000000000a",
  ...{ subject: "C-1", invoices: null, locale: "en" as const, jkt: "thumbprint", embedKey: undefined },
  limits: undefined,
};

/** An edge that reads the file as it is now. */
async function edge({ besideOlderEdges = false } = {}) {
  const keys = await openEdgeKeys(file, () => {});
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const tokens = createAccessTokens({ keys, besideOlderEdges, now });
  return {
    keys,
    mint: async () => (await tokens.mint(grant)).accessToken,
    open: (limits: SessionLimits) => tokens.mint({ ...grant, limits }),
    /** As the edge does: of what the token says, and the tenant's limits as they are now. */
    async renew(token: string, limits: SessionLimits) {
      const access = await tokens.verify(token, async () => {}, true);
      return tokens.mint({ ...access, limits, openedAtS: access.session?.openedAtS ?? 0 });
    },
    verify: (token: string) => tokens.verify(token, async () => {}),
    advanceS: (seconds: number) => (aheadMs += seconds * 1000),
  };
}

/** As an edge before this release signs: with the one key there is, which it does not name. */
function mintAsOlder(key: KeyObject, iat = Math.floor(Date.now() / 1000)) {
  const { tenantId: tenant, subject, locale, jkt } = grant;
  return new SignJWT({ tenant, inv: null, locale, cnf: { jkt }, jti: "1" })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt" })
    .setIssuer("pay")
    .setAudience("pay")
    .setSubject(subject)
    .setIssuedAt(iat)
    .setExpirationTime(iat + accessTokenLifeS)
    .sign(key);
}

test("a session of the former key lives on under the next, of an edge that has read the file or not", async () => {
  write(former);
  const [a, b] = [await edge(), await edge()];
  const before = await a.mint();
  write(next, former);
  await a.keys.readAgain();
  const after = await a.mint();
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  for (const token of [before, after]) {
    expect(await a.verify(token)).toMatchObject({ tenantId: grant.tenantId });
    // Its file has changed, and nobody has told it.
    expect(await b.verify(token)).toMatchObject({ tenantId: grant.tenantId });
  }
});

test("what a key signed ends when it is taken away, even what was seen before", async () => {
  write(next, former);
  const a = await edge();
  const [ofNext, ofFormer] = [
    await a.mint(),
    (await createAccessTokens({ keys: await firstOnly(former), now: Date.now }).mint(grant)).accessToken,
  ];
  for (const token of [ofNext, ofFormer]) await a.verify(token);
  write(next);
  await a.keys.readAgain();
  await expect(a.verify(ofFormer)).rejects.toMatchObject({ code: "token_invalid" });
  expect(await a.verify(ofNext)).toMatchObject({ tenantId: grant.tenantId });
});

async function firstOnly(key: KeyObject) {
  const other = join(dir, "other.pem");
  writeFileSync(other, pemOf(key));
  return openEdgeKeys(other, () => {});
}

test("the key that servers know signs no access token, and the other no internal one", async () => {
  write(former);
  const token = await (await edge()).mint();
  const { publicKey, access } = edgeKeyOf(former);
  await expect(jwtVerify(token, publicKey)).rejects.toThrow("signature");
  await expect(jwtVerify(token, access.publicKey)).resolves.toBeDefined();
  expect(edgeKeyOf(former).access.id).toBe(access.id);
});

test("sessions of edges before this release live on, for as long as a session can; longer when it is said", async () => {
  write(former);
  const [usual, beside] = [await edge(), await edge({ besideOlderEdges: true })];
  for (const one of [usual, beside])
    expect(await one.verify(await mintAsOlder(former))).toMatchObject({ jkt: grant.jkt });
  await expect(jwtVerify(await beside.mint(), edgeKeyOf(former).publicKey)).resolves.toBeDefined();
  for (const one of [usual, beside]) one.advanceS(accessTokenLifeS);
  const late = await mintAsOlder(former, Math.floor(Date.now() / 1000) + accessTokenLifeS);
  await expect(usual.verify(late)).rejects.toMatchObject({ code: "token_invalid" });
  expect(await beside.verify(late)).toMatchObject({ jkt: grant.jkt });
});

const expired = { code: "token_expired" };

test("a session is renewed past its tokens' ends, until it was idle for as long as it may be", async () => {
  write(former);
  const a = await edge();
  const limits = { idleS: 1_800, absoluteS: 28_800 };
  let held = await a.open(limits);
  expect(held).toMatchObject({ expiresInS: 600, renewableInS: 1_800, endsInS: 28_800 });
  for (let n = 1; n <= 10; n++) {
    a.advanceS(1_700);
    await expect(a.verify(held.accessToken)).rejects.toMatchObject(expired);
    held = await a.renew(held.accessToken, limits);
    expect(await a.verify(held.accessToken)).toMatchObject({ subject: "C-1", jkt: "thumbprint" });
    expect(held.endsInS).toBe(28_800 - 1_700 * n);
  }
  a.advanceS(1_801);
  await expect(a.renew(held.accessToken, limits)).rejects.toMatchObject(expired);
});

test("no renewal leads past the longest that a session may be, and its tokens end with it", async () => {
  write(former);
  const a = await edge();
  const limits = { idleS: 1_000, absoluteS: 1_500 };
  const first = await a.open(limits);
  a.advanceS(900);
  const second = await a.renew(first.accessToken, limits);
  expect(second).toMatchObject({ expiresInS: 600, renewableInS: 600, endsInS: 600 });
  a.advanceS(500);
  const third = await a.renew(second.accessToken, limits);
  expect(third).toMatchObject({ expiresInS: 100, renewableInS: 100, endsInS: 100 });
  a.advanceS(101);
  for (const { accessToken } of [first, second, third]) {
    await expect(a.renew(accessToken, limits)).rejects.toMatchObject(expired);
    await expect(a.verify(accessToken)).rejects.toMatchObject(expired);
  }
});

test("limits that were shortened meanwhile count from the next renewal, and may end it there", async () => {
  write(former);
  const a = await edge();
  const { accessToken } = await a.open({ idleS: 1_800, absoluteS: 28_800 });
  a.advanceS(300);
  const shorter = await a.renew(accessToken, { idleS: 60, absoluteS: 400 });
  expect(shorter).toMatchObject({ expiresInS: 60, renewableInS: 60, endsInS: 100 });
  await expect(a.renew(accessToken, { idleS: 60, absoluteS: 300 })).rejects.toMatchObject(expired);
});

test("a renewal asked for again is the same session's, and the former token stays good until its end", async () => {
  write(former);
  const a = await edge();
  const limits = { idleS: 1_800, absoluteS: 28_800 };
  const { accessToken } = await a.open(limits);
  a.advanceS(60);
  const [one, other] = [await a.renew(accessToken, limits), await a.renew(accessToken, limits)];
  expect(one.endsInS).toBe(other.endsInS);
  for (const token of [accessToken, one.accessToken, other.accessToken])
    expect(await a.verify(token)).toMatchObject({ subject: "C-1" });
});

test("a session of an older server, or of an edge before, cannot be renewed", async () => {
  write(former);
  const a = await edge();
  for (const token of [await a.mint(), await mintAsOlder(former)]) {
    expect(await a.verify(token)).toMatchObject({ session: null });
    await expect(a.renew(token, { idleS: 60, absoluteS: 60 })).rejects.toMatchObject(expired);
  }
});

test.each([
  ["no token at all", "x"],
  ["a header that is none", "e.e.e"],
  ["a name of no key", `${Buffer.from('{"alg":"EdDSA","kid":"1"}').toString("base64url")}.e30.e30`],
  ["a name that is no text", `${Buffer.from('{"alg":"EdDSA","kid":1}').toString("base64url")}.e30.e30`],
])("%s is refused", async (_, token) => {
  write(former);
  await expect((await edge()).verify(token)).rejects.toMatchObject({ code: "token_invalid" });
});
