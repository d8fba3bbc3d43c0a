import { generateKeyPairSync } from "node:crypto";
import { rm } from "node:fs/promises";
import { Problem } from "@clarity/bff/contract";
import { edgePaths } from "@clarity/server/contract";
import { accessRoutes as access, wrongWays as codes, type WrongWay } from "@clarity/server/operate";
import { decodeJwt, SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../telemetry/log.ts";
import { createRig, json, type Rig, type Visitor, writeAssets } from "../testing/rig.ts";
import { createApp } from "./create-edge.ts";

/**
 * Every row of the edge × every wrong way in. What is described, served and in the table is held against each other
 * here; what stands in the table alone, or is served beside it, keeps the edge from starting.
 */
const host = "acme.localhost";
const id = "0198a000-1111-4000-8000-000000000001";

/** Something to call a row by. */
const named: Record<string, string> = { id, file: "abcdefgh.css", provider: "sandbox", version: "1.2.3" };
const exampleOf = (path: string) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name) => named[name] ?? expect.fail(name));
/** Served beside the API: described nowhere, and why nothing of a tenant's is behind them stands in the table. */
const undescribed = Object.entries(access).flatMap(([route, { hidden }]) => (hidden ? [route] : []));
const guarded = Object.values(access).flatMap(({ guard, method, path }) =>
  guard === "session" ? [[method, exampleOf(path)] as const] : [],
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
  paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  security?: unknown;
  parameters?: { in: string; name: string }[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}

test("the OpenAPI document describes every route of this matrix, no more, no less", async () => {
  const document = (await (await rig.call(host, "/openapi.json")).json()) as Described;
  expect(document.openapi).toBe("3.1.0");
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
  expect(routes.map(([route]) => route).sort()).toEqual(
    Object.keys(access)
      .filter((route) => !undescribed.includes(route))
      .sort(),
  );
  for (const [route, operation] of routes) {
    const guard = access[route]?.guard ?? "";
    const isGuarded = guard === "session" || guard === "user";
    expect(operation.security !== undefined, route).toBe(isGuarded);
    expect(Object.keys(operation.responses), route).toContain("default");
    // Whatever a session names may be another tenant's.
    const names = operation.requestBody || operation.parameters?.some((one) => one.in !== "header");
    if (isGuarded && names)
      expect(access[route]?.foreignIds, `${route} takes ids: foreignIds in contract/routes.ts`).toBeDefined();
  }
  expect(JSON.stringify(document).toLowerCase()).not.toContain("clarity");
});

test("nothing is served but what is in this matrix", async () => {
  const assetsDir = await writeAssets();
  const { privateKey: key } = generateKeyPairSync("ed25519");
  const upstream = async () => new Response();
  const app = await createApp({ key, assetsDir, upstream, log: createLogger({ level: "silent" }) });
  await rm(assetsDir, { recursive: true });
  // What stands for every method is a layer, and answers nothing by itself.
  const served = app.routes.flatMap(({ method, path }) => (method === "ALL" ? [] : [`${method} ${path}`]));
  const listed = Object.keys(access).map((route) => route.replace(/\{(\w+)\}/g, ":$1"));
  expect([...new Set(served)].sort()).toEqual(listed.sort());
  expect(undescribed.sort()).toEqual([
    "GET /embed",
    "GET /metrics",
    "GET /openapi.json",
    "GET /portal",
    "GET /portal/assets/{file}",
    "GET /portal/icon.svg",
    "GET /portal/theme/{file}",
    "GET /v/{version}/{file}",
    "POST /reports",
  ]);
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
/** Those that need no clock; replayed and expired follow below. */
const ways: Record<Exclude<WrongWay, "a replayed proof" | "an expired token">, Way> = {
  "no token": (method, path) => rig.call(host, path, { method }),
  "a bearer token": (method, path) =>
    mine.call(path, { method, headers: { authorization: `Bearer ${mine.accessToken}` } }),
  "another tenant's token": (method, path) => other.call(path, { method, host }),
  "a tampered token": (method, path) =>
    mine.call(path, { method, token: tampered(mine.accessToken, { sub: "C-2" }) }),
  "a forged token": async (method, path) => mine.call(path, { method, token: await forgedToken() }),
  "a token that names its own key": async (method, path) => {
    const jwk = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    return mine.call(path, { method, token: await forgedToken({ header: { jwk } }) });
  },
  "an unsigned token": (method, path) => {
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    return mine.call(path, { method, token: `${header}.${mine.accessToken.split(".")[1]}.AA` });
  },
  "no proof": (method, path) =>
    rig.call(host, path, { method, headers: { authorization: `DPoP ${mine.accessToken}` } }),
  "another key's proof": async (method, path) => other.call(path, { method, host, token: mine.accessToken }),
  "another route's proof": async (method, path) => {
    const url = `http://${host}:4000/v1/elsewhere`;
    const dpop = await mine.browser.proof({ method, url, accessToken: mine.accessToken });
    return mine.call(path, { method, headers: { dpop } });
  },
};

const matrix = guarded.flatMap(([method, path]) =>
  Object.entries(ways).map(([name, way]) => ({ method, path, name, code: codes[name as WrongWay], way })),
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
    expect(Problem.parse(await again.json()).code).toBe(codes["a replayed proof"]);
  }
});

test("ten minutes later the same token is expired on every route", async () => {
  const own = await createRig();
  const visitor = await own.enter(host);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  own.advance(601_000);
  for (const [method, path] of guarded) {
    // Which is what that one is for, within its own limits: renewal.test.ts.
    if (path === edgePaths.renewSession()) continue;
    const answer = await visitor.call(path, method === "POST" ? json({}) : { method });
    expect(Problem.parse(await answer.json()).code).toBe(codes["an expired token"]);
  }
  await own.close();
});
