import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
};

/** An edge that reads the file as it is now. */
async function edge({ besideOlderEdges = false } = {}) {
  const keys = await openEdgeKeys(file, () => {});
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const tokens = createAccessTokens({ keys, besideOlderEdges, now });
  return {
    keys,
    mint: () => tokens.mint(grant),
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
    await createAccessTokens({ keys: await firstOnly(former), now: Date.now }).mint(grant),
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

test.each([
  ["no token at all", "x"],
  ["a header that is none", "e.e.e"],
  ["a name of no key", `${Buffer.from('{"alg":"EdDSA","kid":"1"}').toString("base64url")}.e30.e30`],
  ["a name that is no text", `${Buffer.from('{"alg":"EdDSA","kid":1}').toString("base64url")}.e30.e30`],
])("%s is refused", async (_, token) => {
  write(former);
  await expect((await edge()).verify(token)).rejects.toMatchObject({ code: "token_invalid" });
});
