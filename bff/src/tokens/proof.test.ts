import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { expect, test } from "vitest";
import { createBrowser, sha256 } from "../testing/browser.ts";
import { createProofCheck } from "./proof.ts";
import { createReplayStore } from "./replay.ts";

const url = "https://pay.acme.test/v1/payments";
const request = { tenantId: "acme", method: "POST", url, ath: null };

function checker(now = Date.now) {
  return createProofCheck({ now, replay: createReplayStore({ keepMs: 120_000, now }) });
}

const because = (detail: string) => expect.objectContaining({ code: "proof_invalid", more: { detail } });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A proof signed correctly over whatever header and payload: what jose would not sign. */
function forge(header: object, payload: object = {}): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const claims = { htm: "POST", htu: url, jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...payload };
  const signed = `${encode({ typ: "dpop+jwt", alg: "ES256", jwk, ...header })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

test.each(["ES256", "EdDSA"] as const)(
  "jose's %s proofs pass, and name the key as jose does",
  async (alg) => {
    const browser = await createBrowser(alg);
    const accessToken = "an.access.token";
    const proof = await browser.proof({ method: "POST", url, accessToken });
    const ath = await sha256(accessToken);
    expect(checker()({ ...request, proof, ath })).toMatchObject({ jkt: browser.jkt });
  },
);

test("jose's signatures verify whatever their numbers begin with: zeros, high bits, neither", async () => {
  const browser = await createBrowser();
  const check = checker();
  const seen = new Set<string>();
  // One number in 256 begins with a zero byte.
  while (seen.size < 3) {
    const proof = await browser.proof({ method: "POST", url });
    const raw = Buffer.from(proof.split(".")[2] ?? "", "base64url");
    for (const byte of [raw[0] ?? 0, raw[32] ?? 0])
      seen.add(byte === 0 ? "zero" : byte >= 0x80 ? "high" : "low");
    expect(() => check({ proof, ...request })).not.toThrow();
  }
});

test("numbers of zero are no signature", () => {
  const proof = forge({});
  const zeros = `${proof.slice(0, proof.lastIndexOf("."))}.${Buffer.alloc(64).toString("base64url")}`;
  expect(() => checker()({ proof: zeros, ...request })).toThrow("proof_invalid");
});

test("query and fragment of htu do not count", async () => {
  const proof = await (await createBrowser()).proof({ method: "POST", url: `${url}?a=1#b` });
  expect(() => checker()({ proof, ...request })).not.toThrow();
});

test.each<[string, JWTPayload]>([
  ["another method", { htm: "GET" }],
  ["the method in lower case", { htm: "post" }],
  ["another path", { htu: "https://pay.acme.test/v1/invoices" }],
  ["another host", { htu: "https://pay.globex.test/v1/payments" }],
  ["another scheme", { htu: "http://pay.acme.test/v1/payments" }],
  ["another port", { htu: "https://pay.acme.test:444/v1/payments" }],
  ["credentials in the address", { htu: "https://a:b@pay.acme.test/v1/payments" }],
  ["no address", { htu: "payments" }],
  ["an array for htu", { htu: [url] }],
  ["a time 61 s ago", { iat: Math.floor(Date.now() / 1000) - 61 }],
  ["a time two minutes ahead", { iat: Math.floor(Date.now() / 1000) + 120 }],
  ["no jti", { jti: undefined as never }],
  ["a jti without end", { jti: "j".repeat(129) }],
])("a proof for %s is refused", async (_, extra) => {
  const proof = await (await createBrowser()).proof({ method: "POST", url, extra });
  expect(() => checker()({ proof, ...request })).toThrow("proof_invalid");
});

test.each<[string, string | undefined]>([
  ["no proof", undefined],
  ["an empty one", ""],
  ["two in one header", `${forge({})}, ${forge({})}`],
  ["one that is no JWS", "a.b"],
  ["one that is no JSON", "e30x.e30x.e30x"],
  ["one without end", `${"a".repeat(3000)}.b.c`],
  ["a time in words", forge({}, { iat: "now" })],
  ["typ JWT", forge({ typ: "JWT" })],
  ["no typ", forge({ typ: undefined })],
  ["alg none", forge({ alg: "none" })],
  ["alg HS256", forge({ alg: "HS256" })],
  ["alg RS256", forge({ alg: "RS256" })],
  ["an alg that is not the key's", forge({ alg: "EdDSA" })],
  ["critical headers", forge({ crit: ["b64"], b64: false })],
  [
    "a jwk with its private part",
    forge({ jwk: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }) }),
  ],
  ["a symmetric jwk", forge({ jwk: { kty: "oct", k: "AAAA" } })],
  [
    "an RSA jwk",
    forge({ jwk: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" }) }),
  ],
  [
    "another curve",
    forge({ jwk: generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" }) }),
  ],
  ["a point off the curve", forge({ jwk: { kty: "EC", crv: "P-256", x: "AAAA", y: "AAAA" } })],
  [
    "a jwk that is somebody else's",
    forge({ jwk: generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }) }),
  ],
  [
    "no jwk, a kid and an address to fetch it from",
    forge({ jwk: undefined, kid: "1", jku: "https://evil.test" }),
  ],
  ["prototype keys", forge(JSON.parse('{"__proto__":{"jwk":1},"jwk":{"__proto__":{"kty":"EC"}}}'))],
])("%s is refused", (_, proof) => {
  expect(() => checker()({ proof, ...request })).toThrow("proof_invalid");
});

test("a changed signature, header or payload is refused", async () => {
  const proof = await (await createBrowser()).proof({ method: "POST", url });
  const parts = proof.split(".");
  for (const index of [0, 1, 2]) {
    const bent = parts.map((part, at) => {
      if (at !== index) return part;
      const bytes = Buffer.from(part, "base64url");
      bytes[10] = (bytes[10] ?? 0) ^ 1;
      return bytes.toString("base64url");
    });
    expect(() => checker()({ proof: bent.join("."), ...request })).toThrow("proof_invalid");
  }
});

test("a DER signature is refused: JWS wants the two numbers side by side", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const claims = { htm: "POST", htu: url, jti: randomUUID(), iat: Math.floor(Date.now() / 1000) };
  const signed = `${encode({ typ: "dpop+jwt", alg: "ES256", jwk })}.${encode(claims)}`;
  const proof = `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  expect(() => checker()({ proof, ...request })).toThrow("proof_invalid");
});

test("a proof is bound to the access token it came with", async () => {
  const browser = await createBrowser();
  const check = checker();
  const ath = await sha256("mine");
  const other = await browser.proof({ method: "POST", url, accessToken: "another" });
  expect(() => check({ ...request, proof: other, ath })).toThrow("proof_invalid");
  const none = await browser.proof({ method: "POST", url });
  expect(() => check({ ...request, proof: none, ath })).toThrow("proof_invalid");
});

test("a proof is good once; the same jti by another key is another proof", async () => {
  const [browser, other] = [await createBrowser(), await createBrowser()];
  const check = checker();
  const extra = { jti: randomUUID() };
  const proof = await browser.proof({ method: "POST", url, extra });
  expect(() => check({ proof, ...request })).not.toThrow();
  expect(() => check({ proof, ...request })).toThrow("proof_invalid");
  const again = await browser.proof({ method: "POST", url, extra });
  expect(() => check({ proof: again, ...request })).toThrow("proof_invalid");
  const others = await other.proof({ method: "POST", url, extra });
  expect(() => check({ proof: others, ...request })).not.toThrow();
});

test("a proof from the future is still remembered when its time comes", async () => {
  let now = Date.now();
  const check = checker(() => now);
  const iat = Math.floor(now / 1000) + 59;
  const proof = await (await createBrowser()).proof({ method: "POST", url, extra: { iat } });
  check({ proof, ...request });
  now += 118_000;
  expect(() => check({ proof, ...request })).toThrow(because("the proof was used before"));
});

test("a header seen before is not trusted with another key's signature", async () => {
  const check = checker();
  const browser = await createBrowser();
  const good = await browser.proof({ method: "POST", url });
  check({ proof: good, ...request });
  const { privateKey } = await generateKeyPair("ES256");
  const header = JSON.parse(Buffer.from(good.split(".")[0] ?? "", "base64url").toString());
  const forged = await new SignJWT({ htm: "POST", htu: url, jti: randomUUID() })
    .setIssuedAt()
    .setProtectedHeader(header)
    .sign(privateKey);
  expect(forged.split(".")[0]).toBe(good.split(".")[0]);
  expect(() => check({ proof: forged, ...request })).toThrow(because("the signature does not verify"));
});
