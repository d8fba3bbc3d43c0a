import { createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { expect, test } from "vitest";
import { createInternalTokenCheck, type EdgeKey } from "./internal-token.ts";

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

const check = (key: EdgeKey = { alg: "EdDSA", key: pair.publicKey }) =>
  createInternalTokenCheck({ key, audience: "shared", now: () => nowS * 1000 });

test("what jose signs is taken, by either kind of key", async () => {
  expect(check()(await sign(), "pay")).toEqual(claims);
  const mac = await sign({ header: { alg: "HS256" }, key: secret });
  expect(check({ alg: "HS256", key: secret })(mac, "pay")).toEqual(claims);
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
  ["more in the header than is known", { header: { kid: "1" } }],
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
  expect(() => check()(authorization, "pay")).toThrow(expect.objectContaining({ name: "NotFromEdge" }));
});

test.each([undefined, "", "Bearer", "Bearer a.b", "Basic YTpi", "Bearer e30.e30.e30", "Bearer !.!.!"])(
  "the header %s is not from the edge",
  (authorization) => {
    expect(() => check()(authorization, "pay")).toThrow(expect.objectContaining({ name: "NotFromEdge" }));
  },
);

test("a header seen before vouches for no signature", async () => {
  const one = check();
  one(await sign(), "pay");
  const forged = await sign({ key: generateKeyPairSync("ed25519").privateKey });
  expect(() => one(forged, "pay")).toThrow("does not verify");
});
