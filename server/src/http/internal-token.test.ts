import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint, SignJWT } from "jose";
import { expect, test } from "vitest";
import { requestDigest } from "../../contract/edge-trust/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { type EdgeKey, openEdgePublicKeys } from "./edge-key.ts";
import { createInternalTokenCheck, type InternalTokenCheck, type Presented } from "./internal-token.ts";

const pair = generateKeyPairSync("ed25519");
const secret = createSecretKey(randomBytes(32));
const nowS = Math.floor(Date.now() / 1000);
const claims = {
  tenant: "0198a000-0000-7000-8000-00000000000a",
  sub: "C-1",
  inv: null,
  locale: "en",
  origin: null,
  addr: null,
  scopes: ["pay"],
  rid: "request-1",
};
const times = { aud: "shared", iat: nowS, exp: nowS + 30 };

interface Forgery {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: Parameters<SignJWT["sign"]>[0];
}
const sign = async ({ claims: more = {}, header = {}, key = pair.privateKey }: Forgery = {}) =>
  `Bearer ${await new SignJWT({ ...claims, ...times, ...more })
    .setProtectedHeader({ alg: "EdDSA", typ: "internal+jwt", ...header })
    .sign(key)}`;

/** What the tokens come with. */
const payment = { method: "POST", url: "http://server/internal/v1/payments", body: '{"amountMinor":"100"}' };
const presented = (authorization: string | undefined, request: Partial<typeof payment> = {}): Presented => {
  const { body, ...rest } = { ...payment, ...request };
  return { ...rest, authorization, body: async () => new TextEncoder().encode(body).buffer };
};

function check(key: EdgeKey = { alg: "EdDSA", key: pair.publicKey }, now = () => nowS * 1000) {
  const one: InternalTokenCheck = createInternalTokenCheck({ key, audience: "shared", now });
  return (authorization: string | undefined, request?: Partial<typeof payment>) =>
    one(presented(authorization, request), "pay");
}
const notFromEdge = expect.objectContaining({ name: "NotFromEdge" });

test("what jose signs is taken, by either kind of key", async () => {
  expect(await check()(await sign())).toEqual(claims);
  const mac = await sign({ header: { alg: "HS256" }, key: secret });
  expect(await check({ alg: "HS256", key: secret })(mac)).toEqual(claims);
});

test.each<[string, Forgery]>([
  ["another key's signature", { key: generateKeyPairSync("ed25519").privateKey }],
  [
    "an HMAC by the public key",
    {
      header: { alg: "HS256" },
      key: new TextEncoder().encode(String(pair.publicKey.export({ type: "spki", format: "pem" }))),
    },
  ],
  ["an access token's type", { header: { typ: "at+jwt" } }],
  ["no type", { header: { typ: undefined } }],
  ["more in the header than is known", { header: { jku: "https://evil.test" } }],
  ["a key's name that is nobody's, in the header", { header: { kid: "1" } }],
  ["a key's name that is nobody's, among the claims", { claims: { kid: "1" } }],
  ["another server's name", { claims: { aud: "https://acme.instances.test" } }],
  ["a life of 61 s", { claims: { exp: nowS + 61 } }],
  ["an end 6 s ago", { claims: { iat: nowS - 20, exp: nowS - 6 } }],
  ["an issue 6 s ahead", { claims: { iat: nowS + 6, exp: nowS + 30 } }],
  ["no end", { claims: { exp: undefined } }],
  ["no tenant", { claims: { tenant: undefined } }],
  ["a tenant that is no id", { claims: { tenant: "acme" } }],
  ["another scope", { claims: { scopes: ["theme:read"] } }],
  ["a scope nobody knows", { claims: { scopes: ["pay", "root"] } }],
])("a token with %s is not from the edge", async (_, forgery) => {
  const authorization = await sign(forgery);
  await expect(check()(authorization)).rejects.toEqual(notFromEdge);
});

test.each([undefined, "", "Bearer", "Bearer a.b", "Basic YTpi", "Bearer e30.e30.e30", "Bearer !.!.!"])(
  "the header %s is not from the edge",
  async (authorization) => {
    await expect(check()(authorization)).rejects.toEqual(notFromEdge);
  },
);

test("a header seen before vouches for no signature", async () => {
  const one = check();
  await one(await sign());
  const forged = await sign({ key: generateKeyPairSync("ed25519").privateKey });
  await expect(one(forged)).rejects.toThrow("does not verify");
});

const kidOf = (key: KeyObject) => calculateJwkThumbprint(key.export({ format: "jwk" }));
const pemOf = ({ publicKey }: { publicKey: KeyObject }) =>
  String(publicKey.export({ type: "spki", format: "pem" }));
const newPair = () => generateKeyPairSync("ed25519");
const folders = temporaryFolders();
const openKeys = async (path: string): Promise<EdgeKey> => ({
  alg: "EdDSA",
  keys: await openEdgePublicKeys(path, () => {}),
});

test.each(["one file", "a folder"])("of several keys in %s each is believed, named or not", async (where) => {
  const [next, stranger] = [newPair(), newPair()];
  const path = join(folders(), "edge");
  if (where === "a folder") {
    mkdirSync(path);
    writeFileSync(join(path, "1.pem"), pemOf(pair));
    writeFileSync(join(path, "2.pem"), pemOf(next));
    // As a mounted Secret has them.
    mkdirSync(join(path, "..data.pem"));
    writeFileSync(join(path, "notes.txt"), "which is which");
  } else writeFileSync(path, `the former\n${pemOf(pair)}\nthe next\n${pemOf(next)}`);
  const one = check(await openKeys(path));
  for (const { privateKey: key, publicKey } of [pair, next, pair]) {
    const kid = await kidOf(publicKey);
    for (const forgery of [{ key }, { key, claims: { kid } }, { key, header: { kid } }])
      expect(await one(await sign(forgery))).toEqual(claims);
    await expect(one(await sign({ key: stranger.privateKey, claims: { kid } }))).rejects.toEqual(notFromEdge);
  }
});

test("a key is believed as soon as its file is there, and no more once it is gone; a damaged file changes nothing", async () => {
  const next = newPair();
  const file = join(folders(), "edge-key.pub.pem");
  writeFileSync(file, pemOf(pair));
  const one = check(await openKeys(file));
  const [former, named, unnamed] = [
    await sign(),
    await sign({ key: next.privateKey, claims: { kid: await kidOf(next.publicKey) } }),
    await sign({ key: next.privateKey }),
  ];
  await expect(one(named)).rejects.toThrow("unknown here");
  writeFileSync(file, pemOf(pair) + pemOf(next));
  for (const token of [named, unnamed, former]) expect(await one(token)).toEqual(claims);

  // As a copy that is under way.
  writeFileSync(file, pemOf(pair) + pemOf(next).slice(0, 60));
  await expect(one(await sign({ key: newPair().privateKey }))).rejects.toEqual(notFromEdge);
  for (const token of [named, former]) expect(await one(token)).toEqual(claims);
  rmSync(file);
  await expect(one(await sign({ key: newPair().privateKey }))).rejects.toEqual(notFromEdge);
  expect(await one(named)).toEqual(claims);

  writeFileSync(file, pemOf(next));
  // Whatever makes it look again.
  await expect(one(await sign({ claims: { kid: "1" } }))).rejects.toEqual(notFromEdge);
  await expect(one(former)).rejects.toThrow("does not verify");
  expect(await one(named)).toEqual(claims);
}, 15_000);

const bound = (request: Partial<typeof payment> = {}) =>
  sign({ claims: { req: requestDigest({ ...payment, ...request }) } });

test("a token is for one method, path, query and body", async () => {
  const one = check();
  expect(await one(await bound())).toEqual(claims);
  for (const other of [
    { method: "PUT" },
    { url: "http://server/internal/v1/payments/0198a000-0000-7000-8000-00000000000a/resume" },
    { url: "http://server/internal/v1/payments?id=1" },
    { url: "http://server/internal/v1/payments/" },
    { body: '{"amountMinor":"999"}' },
    { body: "" },
  ]) {
    await expect(one(await bound(), other), JSON.stringify(other)).rejects.toThrow("another request");
    expect(await one(await bound(other), other)).toEqual(claims);
  }
});

test("an older edge's tokens, bound to nothing, are taken until a day after the first that was bound", async () => {
  let aheadMs = 0;
  const one = check(undefined, () => nowS * 1000 + aheadMs);
  const later = async (ms: number, bind: boolean) => {
    aheadMs = ms;
    const iat = nowS + ms / 1000;
    const req = bind ? { req: requestDigest(payment) } : {};
    return one(await sign({ claims: { ...req, iat, exp: iat + 30 } }));
  };
  const day = 24 * 3_600_000;
  expect(await later(3 * day, false)).toEqual(claims);
  expect(await later(4 * day, true)).toEqual(claims);
  expect(await later(5 * day - 1_000, false)).toEqual(claims);
  await expect(later(5 * day, false)).rejects.toThrow("bound to no request");
  expect(await later(6 * day, true)).toEqual(claims);
});
