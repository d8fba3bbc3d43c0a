import { generateKeyPairSync } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { addEmbedKey, EmbedKeyUnknown, findEmbedKey, listEmbedKeys, revokeEmbedKey } from "./embed-keys.ts";

let platform: TestPlatform;
let ctx: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  ctx = await platform.createTenant("acme");
});
afterAll(() => platform.close());

const find = (id: string, open = ctx) => findEmbedKey({ ...open, id });

test("a generated secret is shown once, found again, and stored as ciphertext only", async () => {
  const { id, secret } = await addEmbedKey({ ctx, input: { algorithm: "HS256" } });
  if (secret === null) throw new Error("no secret");
  expect(secret).toHaveLength(43);
  await expect(find(id)).resolves.toEqual({
    id,
    algorithm: "HS256",
    key: { kind: "secret", secret: new TextEncoder().encode(secret) },
  });
  const rows = await ctx.db.query<{ tenant_id: string; all: string }>`
    select tenant_id, embed_keys::text as all from pay.embed_keys`;
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(secret).toString("hex"));
  expect(JSON.stringify(await listEmbedKeys({ ctx }))).not.toContain(secret);
});

test("a given secret is not echoed; one under 32 bytes is refused", async () => {
  const secret = "0123456789abcdef0123456789abcdef";
  await expect(addEmbedKey({ ctx, input: { id: "given", algorithm: "HS256", secret } })).resolves.toEqual({
    id: "given",
    algorithm: "HS256",
    secret: null,
  });
  await expect(
    addEmbedKey({ ctx, input: { algorithm: "HS256", secret: secret.slice(1) } }),
  ).rejects.toThrow();
});

test.each(["ES256", "RS256", "PS256"] as const)("a public %s key is found as JWK", async (algorithm) => {
  const { publicKey } = await generateKeyPair(algorithm);
  const jwk = { ...(await exportJWK(publicKey)) };
  await addEmbedKey({ ctx, input: { id: `public-${algorithm}`, algorithm, jwk } });
  await expect(find(`public-${algorithm}`)).resolves.toMatchObject({ algorithm, key: { kind: "jwk", jwk } });
});

test("a private key, or one of another type, is refused", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)) };
  await expect(addEmbedKey({ ctx, input: { algorithm: "ES256", jwk } })).rejects.toThrow("private");
  const { d: _, ...publicJwk } = jwk;
  await expect(addEmbedKey({ ctx, input: { algorithm: "RS256", jwk: publicJwk } })).rejects.toThrow(
    "type RSA",
  );
});

test.each([
  ["blanks", " ".repeat(40)],
  ["one character again and again", "a".repeat(40)],
  ["31 characters between blanks", `  ${"0123456789abcdef0123456789abcde"}  `],
])("%s are no secret", async (_, secret) => {
  await expect(addEmbedKey({ ctx, input: { algorithm: "HS256", secret } })).rejects.toThrow(/at least/);
});

test("an RSA key that is too short to be one is refused", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1_024 });
  const jwk = { ...publicKey.export({ format: "jwk" }) };
  await expect(addEmbedKey({ ctx, input: { algorithm: "RS256", jwk } })).rejects.toThrow("2048 bits");
});

test("a JWKS address must be https", async () => {
  const jwksUrl = "https://erp.example/keys";
  await addEmbedKey({ ctx, input: { id: "published", algorithm: "ES256", jwksUrl } });
  await expect(find("published")).resolves.toMatchObject({ key: { kind: "jwks", url: jwksUrl } });
  const plain = { algorithm: "ES256", jwksUrl: "http://127.0.0.1/keys" } as const;
  await expect(addEmbedKey({ ctx, input: plain })).rejects.toThrow();
});

test("an id is used once, ever", async () => {
  await addEmbedKey({ ctx, input: { id: "once", algorithm: "HS256" } });
  await revokeEmbedKey({ ctx, input: { id: "once" } });
  await expect(find("once")).resolves.toBeNull();
  await expect(addEmbedKey({ ctx, input: { id: "once", algorithm: "HS256" } })).rejects.toThrow(
    "exists already",
  );
  await expect(revokeEmbedKey({ ctx, input: { id: "once" } })).rejects.toBeInstanceOf(EmbedKeyUnknown);
});

test("another tenant does not have it", async () => {
  await addEmbedKey({ ctx, input: { id: "mine", algorithm: "HS256" } });
  await expect(find("mine", await platform.createTenant("globex"))).resolves.toBeNull();
});
