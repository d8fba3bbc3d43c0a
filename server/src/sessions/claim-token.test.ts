import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../testing/index.ts";

const secret = createSecretKey(randomBytes(32));
let line: TestServer;
let acme: TestTenant;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: secret } });
  acme = await line.createTenant("acme");
});
afterAll(() => line.close());

const key = () => randomBytes(32).toString("base64url");

/** `jkt`: thumbprint of the browser's key, as the edge found it in the proof; an edge of before sends none. */
async function open(embedToken: string, jkt?: string): Promise<string> {
  const none: Record<string, unknown> = {
    sub: null,
    inv: null,
    locale: null,
    origin: null,
    rid: "request-1",
  };
  const claims = { ...none, aud: "shared", tenant: acme.open.tenant.id, scopes: ["session:open"] };
  const authorization = await new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "internal+jwt" })
    .setIssuedAt()
    .setExpirationTime("30s")
    .sign(secret);
  const request = new Request("http://server/internal/v1/session", {
    method: "POST",
    headers: { authorization: `Bearer ${authorization}`, "content-type": "application/json" },
    body: JSON.stringify({ embedToken, locales: ["en"], jkt }),
  });
  const { code, grant } = (await (await line.server.fetch(request)).json()) as {
    code?: string;
    grant?: { subject: string };
  };
  return code ?? `opened for ${grant?.subject}`;
}

/** A customer nobody has asked for yet, so that the ERP must answer. */
function newCustomer(): string {
  const id = `C-${randomUUID()}`;
  acme.erp.customers.set(id, { name: "New", email: null, invoices: [] });
  return id;
}

test("an embed token whose answer was lost opens the session again for the key it was sent with", async () => {
  const [token, mine] = [await acme.token(), key()];
  for (let tries = 0; tries < 3; tries++) expect(await open(token, mine)).toBe("opened for C-1");
});

test("for another key it is a replay, before and after the first one's retries", async () => {
  const [token, mine] = [await acme.token(), key()];
  expect(await open(token, mine)).toBe("opened for C-1");
  expect(await open(token, key())).toBe("token_replayed");
  expect(await open(token)).toBe("token_replayed");
  expect(await open(token, mine)).toBe("opened for C-1");
  expect(await open(token, key())).toBe("token_replayed");
});

test("ten at once with one key all get in; of ten keys one does", async () => {
  const [token, mine, contested] = [await acme.token(), key(), await acme.token()];
  const ours = await Promise.all(Array.from({ length: 10 }, () => open(token, mine)));
  expect(new Set(ours)).toEqual(new Set(["opened for C-1"]));
  const theirs = await Promise.all(Array.from({ length: 10 }, () => open(contested, key())));
  expect(theirs.filter((answer) => answer !== "token_replayed")).toEqual(["opened for C-1"]);
});

test("another token that has the same id is a replay, from the same key too", async () => {
  const [jti, mine] = [randomUUID(), key()];
  expect(await open(await acme.token({ jti }), mine)).toBe("opened for C-1");
  expect(await open(await acme.token({ jti, sub: "C-2" }), mine)).toBe("token_replayed");
});

test("an edge that names no key gets one session out of a token, as ever", async () => {
  const token = await acme.token();
  expect(await open(token)).toBe("opened for C-1");
  expect(await open(token)).toBe("token_replayed");
  expect(await open(token, key())).toBe("token_replayed");
});

test("a token that opened nothing is free again, for whichever key", async () => {
  const token = await acme.token({ sub: newCustomer() });
  acme.erp.fail("unavailable", "read");
  expect(await open(token, key())).toBe("erp_unavailable");
  expect(await open(token, key())).toMatch(/^opened/);
  expect(await open(token, key())).toBe("token_replayed");
});

test("a retry that fails does not free the token of a session that was opened", async () => {
  const [token, mine] = [await acme.token({ sub: newCustomer() }), key()];
  expect(await open(token, mine)).toMatch(/^opened/);
  await line.platform.rewrite(acme.open, "delete from pay.invoices; delete from pay.customers");
  acme.erp.fail("unavailable", "read");
  expect(await open(token, mine)).toBe("erp_unavailable");
  expect(await open(token, key())).toBe("token_replayed");
  expect(await open(token, mine)).toMatch(/^opened/);
});
