import { createSecretKey, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { addEmbedKey, findEmbedKey, revokeEmbedKey } from "./embed-keys.ts";
import { createJwks } from "./jwks.ts";
import { openSession } from "./open-session.ts";

/** Why no session is opened: the exact cause and what to change, to whoever may know it. */
let line: TestServer;
let acme: TestTenant;
let revoked: { id: string; secret: string };
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
  acme = await line.createTenant("acme");
  await acme.open.settings.set("seller.name", "Acme Industrial");
  const { id, secret } = await addEmbedKey({ ctx: acme.open, input: { algorithm: "HS256" } });
  revoked = { id, secret: secret ?? "" };
  await revokeEmbedKey({ ctx: acme.open, input: { id } });
});
afterAll(() => line.close());

const open = (embedToken: string, jkt = "a".repeat(43)) =>
  openSession({
    ctx: acme.ctx,
    input: {
      ...{ embedToken, jkt, locales: ["en"], jwks: createJwks() },
      findKey: (id) => findEmbedKey({ ...acme.open, id, evenRevoked: true }),
    },
  });
const nowS = Math.floor(Date.now() / 1000);
const other = "another secret of forty characters, nine";

type Token = () => Promise<string>;
const causes: [cause: string, token: Token, code: string, detail: RegExp, isAuthentic: boolean][] = [
  [
    "expired",
    () => acme.token({ iat: nowS - 400, exp: nowS - 100 }),
    "token_expired",
    /expired 1\d\d s ago: mint one/,
    true,
  ],
  ["forged", () => acme.token({}, other), "token_invalid", /signature is not the embed key/, false],
  ["wrong key", () => acme.token({ iss: "nobody" }), "token_invalid", /no embed key nobody \(iss\)/, false],
  [
    "key revoked",
    () => acme.token({ iss: revoked.id }, revoked.secret),
    "token_invalid",
    /was revoked: sign with one/,
    false,
  ],
  [
    "a forgery in a revoked key's name",
    () => acme.token({ iss: revoked.id }, other),
    "token_invalid",
    /no embed key/,
    false,
  ],
  ["another alg", () => anotherAlg(), "token_invalid", /signs with HS256/, false],
  ["no token", async () => "x".repeat(40), "token_invalid", /no JSON Web Token/, false],
  ["no sub", () => acme.token({ sub: undefined }), "token_invalid", /claim sub is missing/, false],
  ["another audience", () => acme.token({ aud: "shop" }), "token_invalid", /claim aud/, false],
  [
    "the ERP's clock",
    () => acme.token({ iat: nowS + 90, exp: nowS + 200 }),
    "token_invalid",
    /iat is \d+ s ahead: the clock/,
    false,
  ],
  ["too long a life", () => acme.token({ exp: nowS + 3600 }), "token_invalid", /600 at most/, false],
  [
    "unknown customer",
    () => acme.token({ sub: "C-9" }),
    "not_found",
    /the ERP knows no customer "C-9"/,
    true,
  ],
];

test.each(causes)(
  "%s is said exactly, and the seller is named to an authentic token",
  async (_, token, code, detail, is) => {
    const refused = await open(await token());
    expect(refused).toMatchObject({ kind: "refused", code, detail: expect.stringMatching(detail) });
    if (is) expect(refused).toMatchObject({ seller: "Acme Industrial" });
    if (!is) expect(refused).not.toHaveProperty("seller");
  },
);

test("replayed is said, with the seller's name", async () => {
  const token = await acme.token();
  expect(await open(token)).toMatchObject({ kind: "opened" });
  expect(await open(token, "b".repeat(43))).toMatchObject({
    ...{ kind: "refused", code: "token_replayed", seller: "Acme Industrial" },
    detail: expect.stringMatching(/used before.*mint one each time/),
  });
});

test("nobody without an authentic token learns which customers there are", async () => {
  const answers = await Promise.all(
    ["C-1", "C-9"].map(async (sub) => open(await acme.token({ sub }, other))),
  );
  expect(answers[0]).toEqual(answers[1]);
});

test("no cause says a secret, a name of the platform or more than one line", async () => {
  for (const [, token] of causes) {
    const said = JSON.stringify(await open(await token()));
    expect(said).not.toContain(acme.secret);
    expect(said).not.toContain(revoked.secret);
    expect(said).not.toMatch(/clarity|\\n/i);
  }
});

const anotherAlg = () =>
  new SignJWT({ iss: acme.keyId, aud: "pay", sub: "C-1", jti: "1", iat: nowS, exp: nowS + 300 })
    .setProtectedHeader({ alg: "HS384" })
    .sign(new TextEncoder().encode(acme.secret));
