import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { exportJWK, exportSPKI, type JWTHeaderParameters, SignJWT } from "jose";
import { expect, test } from "vitest";
import type { EmbedKey } from "./embed-keys.ts";
import type { Jwks } from "./jwks.ts";
import { verifyEmbedToken } from "./verify-embed-token.ts";

/** The attack table of RFC 8725, on one tenant with a key of every kind. */
const secret = new TextEncoder().encode("0123456789abcdef0123456789abcdef");
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const keys: Record<string, EmbedKey> = {
  hs: { id: "hs", algorithm: "HS256", key: { kind: "secret", secret } },
  es: { id: "es", algorithm: "ES256", key: { kind: "jwk", jwk: await exportJWK(ec.publicKey) } },
  rs: { id: "rs", algorithm: "RS256", key: { kind: "jwk", jwk: await exportJWK(rsa.publicKey) } },
  ps: { id: "ps", algorithm: "PS256", key: { kind: "jwk", jwk: await exportJWK(rsa.publicKey) } },
};
const noJwks: Jwks = {
  find: () => {
    throw new Error("nothing may be fetched");
  },
};

const nowS = Math.floor(Date.now() / 1000);
const good = { aud: "pay", sub: "C-1", iat: nowS, exp: nowS + 300 };

interface Forgery {
  iss?: string;
  claims?: Record<string, unknown>;
  header?: Partial<JWTHeaderParameters>;
  key?: KeyObject | Uint8Array;
}

function sign({ iss = "hs", claims = {}, header = {}, key = secret }: Forgery): Promise<string> {
  return new SignJWT({ iss, jti: randomUUID(), ...good, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT", ...header })
    .sign(key);
}

const judge = (token: string) =>
  verifyEmbedToken(token, {
    findKey: async (id) => {
      if (id.includes("\u0000")) throw new Error("PostgreSQL takes no NUL");
      return keys[id] ?? null;
    },
    jwks: noJwks,
    now: new Date(nowS * 1000),
  });

test.each([
  ["hs", "HS256", secret],
  ["es", "ES256", ec.privateKey],
  ["rs", "RS256", rsa.privateKey],
  ["ps", "PS256", rsa.privateKey],
])("a token by key %s with its own %s is a grant", async (iss, alg, key) => {
  const token = await sign({ iss, header: { alg }, key, claims: { invoices: ["1", "2"] } });
  expect(await judge(token)).toMatchObject({
    kind: "grant",
    keyId: iss,
    subject: "C-1",
    invoices: ["1", "2"],
    expiresAt: new Date((good.exp + 30) * 1000),
  });
});

test("a header without typ is taken: ERP scripts leave it out", async () => {
  expect(await judge(await sign({ header: { typ: undefined as never } }))).toMatchObject({ kind: "grant" });
});

const refusals: [string, string, Forgery][] = [
  ["an unknown issuer", "token_invalid", { iss: "nobody" }],
  ["a prototype's name for an issuer", "token_invalid", { iss: "__proto__" }],
  ["an issuer that is no string", "token_invalid", { claims: { iss: ["hs"] } }],
  ["another key's secret", "token_invalid", { key: new TextEncoder().encode("x".repeat(32)) }],
  [
    "another HMAC than the key's",
    "token_invalid",
    { header: { alg: "HS512" }, key: new TextEncoder().encode("x".repeat(64)) },
  ],
  ["RS256 by a PS256 key", "token_invalid", { iss: "ps", header: { alg: "RS256" }, key: rsa.privateKey }],
  ["HS256 by an ES256 key", "token_invalid", { iss: "es" }],
  [
    "a jwk of its own in the header",
    "token_invalid",
    {
      iss: "es",
      header: {
        alg: "ES256",
        jwk: (await exportJWK(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)) as never,
      },
      key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    },
  ],
  [
    "jku and x5u in the header",
    "token_invalid",
    {
      iss: "es",
      header: { alg: "ES256", jku: "https://evil.test/jwks", x5u: "https://evil.test/x5u" },
      key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    },
  ],
  ["a kid that is a path", "token_invalid", { iss: "../../etc/passwd", header: { kid: "../../dev/null" } }],
  ["our own access token's typ", "token_invalid", { header: { typ: "at+jwt" } }],
  ["another audience", "token_invalid", { claims: { aud: "billing" } }],
  ["no audience", "token_invalid", { claims: { aud: undefined } }],
  ["no subject", "token_invalid", { claims: { sub: undefined } }],
  ["an empty subject", "token_invalid", { claims: { sub: "" } }],
  ["no jti", "token_invalid", { claims: { jti: undefined } }],
  ["no expiry", "token_invalid", { claims: { exp: undefined } }],
  ["no time of issue", "token_invalid", { claims: { iat: undefined } }],
  ["a life of 601 s", "token_invalid", { claims: { exp: nowS + 601 } }],
  ["an expiry in words", "token_invalid", { claims: { exp: "tomorrow" } }],
  ["an expiry before its issue", "token_invalid", { claims: { iat: nowS + 20, exp: nowS + 10 } }],
  ["an issue 31 s ahead", "token_invalid", { claims: { iat: nowS + 31, exp: nowS + 300 } }],
  ["a start 31 s ahead", "token_invalid", { claims: { nbf: nowS + 31 } }],
  ["an end 31 s ago", "token_expired", { claims: { iat: nowS - 200, exp: nowS - 31 } }],
  ["invoices that are no list", "token_invalid", { claims: { invoices: "1" } }],
  ["a NUL in its issuer", "token_invalid", { iss: "hs\u0000" }],
  ["a NUL in its subject", "token_invalid", { claims: { sub: "C-1\u0000" } }],
  ["half a character for a subject", "token_invalid", { claims: { sub: "\ud800" } }],
  ["a NUL in an invoice id", "token_invalid", { claims: { invoices: ["\u0000"] } }],
  ["an empty list of invoices", "token_invalid", { claims: { invoices: [] } }],
];

test.each(refusals)("a token with %s is %s", async (_, code, forgery) => {
  expect(await judge(await sign(forgery))).toMatchObject({ kind: "refused", code });
});

test.each<[string, number, string]>([
  ["ended 29 s ago", -29, "grant"],
  ["ends in 1 s", 1, "grant"],
])("clocks may differ by 30 s: a token that %s is a grant", async (_, ends, kind) => {
  expect(await judge(await sign({ claims: { iat: nowS - 200, exp: nowS + ends } }))).toMatchObject({ kind });
});

test("a public key is no HMAC secret", async () => {
  const pem = new TextEncoder().encode(await exportSPKI(rsa.publicKey as never));
  expect(await judge(await sign({ iss: "rs", key: pem }))).toMatchObject({
    kind: "refused",
    code: "token_invalid",
  });
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const mac = (signed: string) => createHmac("sha256", secret).update(signed).digest("base64url");
const body = encode({ iss: "hs", jti: "j", ...good });
const macced = (header: object) => `${encode(header)}.${body}.${mac(`${encode(header)}.${body}`)}`;

test.each([
  ["alg none", `${encode({ alg: "none" })}.${body}.`],
  ["alg None with a signature", macced({ alg: "None" })],
  ["no alg", macced({ typ: "JWT" })],
  ["critical headers we do not know", macced({ alg: "HS256", crit: ["exp"], exp: 1 })],
  ["a detached payload", macced({ alg: "HS256", b64: false, crit: ["b64"] })],
  ["no signature", `${encode({ alg: "HS256" })}.${body}.`],
  ["standard base64 with padding", `${macced({ alg: "HS256" })}==`],
  ["five parts, as if encrypted", "a.b.c.d.e"],
  ["no dots at all", "e".repeat(40)],
  ["JSON that is a list", `${encode([1])}.${encode([1])}.AA`],
  ["bytes that are no JSON", "_w._w._w"],
])("what has %s is token_invalid", async (_, token) => {
  expect(await judge(token)).toMatchObject({ kind: "refused", code: "token_invalid" });
});
