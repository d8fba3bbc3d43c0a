import { generateKeyPairSync } from "node:crypto";
import { Problem } from "@clarity/bff/contract";
import { decodeJwt, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRig, json, type Rig, type Visitor } from "./testing/rig.ts";

/**
 * Every route of the API × every wrong way in. The list is the OpenAPI document's own: a route that is
 * served but not described, or described but not in `expected`, fails here.
 */
const host = "acme.localhost";
const id = "0198a000-1111-4000-8000-000000000001";

/** How each route is reached, and whether it needs a session. */
const expected: Record<string, { path: string; session: boolean }> = {
  "POST /v1/session": { path: "/v1/session", session: false },
  "GET /v1/invoices": { path: "/v1/invoices", session: true },
  "POST /v1/payments": { path: "/v1/payments", session: true },
  "GET /v1/payments/{id}": { path: `/v1/payments/${id}`, session: true },
  "POST /v1/payments/{id}/resume": { path: `/v1/payments/${id}/resume`, session: true },
  "GET /theme/{file}": { path: "/theme/abcdefgh.css", session: false },
  "POST /webhooks/{provider}": { path: "/webhooks/sandbox", session: false },
  "GET /healthz": { path: "/healthz", session: false },
  "GET /readyz": { path: "/readyz", session: false },
};
const guarded = Object.entries(expected).flatMap(([route, { path, session }]) =>
  session ? [[route.split(" ")[0] ?? "", path] as const] : [],
);

let rig: Rig;
let mine: Visitor;
let other: Visitor;
beforeAll(async () => {
  rig = await createRig();
  mine = await rig.enter(host);
  other = await rig.enter("globex.localhost");
});
afterAll(() => rig.close());

interface Described {
  openapi: string;
  info: { title: string };
  paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>>;
}

test("the OpenAPI document describes every route of this matrix, no more, no less", async () => {
  const document = (await (await rig.call(host, "/openapi.json")).json()) as Described;
  expect(document.openapi).toBe("3.1.0");
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
  expect(routes.map(([route]) => route).sort()).toEqual(Object.keys(expected).sort());
  for (const [route, operation] of routes) {
    expect(operation.security !== undefined, route).toBe(expected[route]?.session);
    expect(Object.keys(operation.responses), route).toContain("default");
  }
  expect(JSON.stringify(document).toLowerCase()).not.toContain("clarity");
});

/** A token of our own kind, signed by somebody else, or with other claims. */
async function forgedToken(change: { header?: object; claims?: object } = {}): Promise<string> {
  const { privateKey } = generateKeyPairSync("ed25519");
  return new SignJWT({ ...decodeJwt(mine.accessToken), ...change.claims })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", ...change.header })
    .sign(privateKey);
}

function tampered(token: string, claims: object): string {
  const [header, , signature] = token.split(".");
  const payload = Buffer.from(JSON.stringify({ ...decodeJwt(token), ...claims })).toString("base64url");
  return [header, payload, signature].join(".");
}

type Way = (method: string, path: string) => Promise<Response>;
const wrongWays: Record<string, { code: string; way: Way }> = {
  "no token": { code: "token_missing", way: (method, path) => rig.call(host, path, { method }) },
  "a bearer token": {
    code: "token_invalid",
    way: (method, path) =>
      mine.call(path, { method, headers: { authorization: `Bearer ${mine.accessToken}` } }),
  },
  "another tenant's token": {
    code: "tenant_mismatch",
    way: (method, path) => other.call(path, { method, host }),
  },
  "a tampered tenant": {
    code: "token_invalid",
    way: (method, path) => mine.call(path, { method, token: tampered(mine.accessToken, { sub: "C-2" }) }),
  },
  "a forged token": {
    code: "token_invalid",
    way: async (method, path) => mine.call(path, { method, token: await forgedToken() }),
  },
  "a token that names its own key": {
    code: "token_invalid",
    way: async (method, path) => {
      const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
      return mine.call(path, { method, token: await forgedToken({ header: { jwk } }) });
    },
  },
  "an unsigned token": {
    code: "token_invalid",
    way: (method, path) => {
      const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
      return mine.call(path, { method, token: `${header}.${mine.accessToken.split(".")[1]}.AA` });
    },
  },
  "no proof": {
    code: "proof_invalid",
    way: (method, path) =>
      rig.call(host, path, { method, headers: { authorization: `DPoP ${mine.accessToken}` } }),
  },
  "another key's proof": {
    code: "proof_invalid",
    way: async (method, path) => other.call(path, { method, host, token: mine.accessToken }),
  },
  "another route's proof": {
    code: "proof_invalid",
    way: async (method, path) => {
      const url = `http://${host}:4000/v1/elsewhere`;
      const dpop = await mine.browser.proof({ method, url, accessToken: mine.accessToken });
      return mine.call(path, { method, headers: { dpop } });
    },
  },
};

const matrix = guarded.flatMap(([method, path]) =>
  Object.entries(wrongWays).map(([name, { code, way }]) => ({ method, path, name, code, way })),
);

test.each(matrix)("$method $path with $name is $code, and nothing is forwarded", async (cell) => {
  rig.seen.length = 0;
  const answer = await cell.way(cell.method, cell.path);
  expect(Problem.parse(await answer.json()).code).toBe(cell.code);
  expect(rig.seen.filter(({ path }) => !path.includes("/hosts/"))).toEqual([]);
});

test("every session route refuses a replayed proof", async () => {
  for (const [method, path] of guarded) {
    const url = `http://${host}:4000${path}`;
    const dpop = await mine.browser.proof({ method, url, accessToken: mine.accessToken });
    await mine.call(path, { method, headers: { dpop } });
    const again = await mine.call(path, { method, headers: { dpop } });
    expect(Problem.parse(await again.json()).code).toBe("proof_invalid");
  }
});

test("ten minutes later the same token is expired on every route", async () => {
  const own = await createRig();
  const visitor = await own.enter(host);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  own.advance(601_000);
  for (const [method, path] of guarded) {
    const answer = await visitor.call(path, method === "POST" ? json({}) : { method });
    expect(Problem.parse(await answer.json()).code).toBe("token_expired");
  }
  await own.close();
});
