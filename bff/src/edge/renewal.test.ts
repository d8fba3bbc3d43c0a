import { Problem, Renewal } from "@clarity/bff/contract";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBrowser } from "../testing/browser.ts";
import { createRig, opened, port, problem, type Rig, type Visitor } from "../testing/rig.ts";

/** A session that goes on by proof of its key: what the edge lets through, and what it forwards. */
const host = "acme.localhost";
const path = "/v1/session/renew";
const minuteMs = 60_000;

let rig: Rig;
let payer: Visitor;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  rig = await createRig();
  payer = await rig.enter(host);
  rig.seen.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await rig.close();
});

const renew = (token = payer.accessToken, init: RequestInit = {}) =>
  payer.call(path, { ...init, method: "POST", token });
const renewed = async (token?: string) => Renewal.parse(await (await renew(token)).json());
const codeOf = async (answer: Promise<Response>) => Problem.parse(await (await answer).json()).code;
const forwarded = () => rig.seen.filter(({ path }) => !path.includes("/hosts/"));

test("opening says how long, and a renewal gives the same session another token", async () => {
  expect(payer.session).toMatchObject({ expiresInS: 600, renewableInS: 1_800, endsInS: 28_800 });
  rig.advance(9 * minuteMs);
  const { accessToken, ...times } = await renewed();
  expect(times).toEqual({ tokenType: "DPoP", expiresInS: 600, renewableInS: 1_800, endsInS: 28_260 });
  const [before, after] = [decodeJwt(payer.accessToken), decodeJwt(accessToken)];
  for (const claim of ["tenant", "sub", "inv", "key", "cnf", "locale"])
    expect(after[claim]).toEqual(before[claim]);
  expect((await payer.call("/v1/invoices", { token: accessToken })).status).toBe(200);
});

test("no embed token is asked of anybody: the server is asked as for the session's other requests", async () => {
  await renewed();
  expect(forwarded()).toMatchObject([
    {
      method: "POST",
      path: "/internal/v1/session/renew",
      claims: { scopes: ["pay"], sub: "C-1" },
      body: "{}",
    },
  ]);
});

test("a token that ran out is renewed, and does nothing else", async () => {
  rig.advance(20 * minuteMs);
  expect(await codeOf(payer.call("/v1/invoices"))).toBe("token_expired");
  const { accessToken } = await renewed();
  expect((await payer.call("/v1/invoices", { token: accessToken })).status).toBe(200);
  expect(await codeOf(payer.call("/v1/invoices"))).toBe("token_expired");
});

test("idle for too long, or as old as it may be, a session is over, and no server is asked", async () => {
  rig.advance(30 * minuteMs + 1_000);
  expect(await codeOf(renew())).toBe("token_expired");
  expect(forwarded()).toEqual([]);
  let { accessToken } = await rig.enter(host, "e".repeat(40), payer.browser);
  for (let n = 0; n < 23; n++) {
    rig.advance(20 * minuteMs);
    ({ accessToken } = await renewed(accessToken));
  }
  rig.advance(20 * minuteMs + 1_000);
  rig.seen.length = 0;
  expect(await codeOf(renew(accessToken))).toBe("token_expired");
  expect(forwarded()).toEqual([]);
});

test("whoever has a token without its key, or a proof for another, renews nothing", async () => {
  const thief = await createBrowser();
  const url = `http://${host}:${port}${path}`;
  const stolen = { method: "POST", url, accessToken: payer.accessToken };
  for (const dpop of [
    "",
    await thief.proof(stolen),
    await payer.browser.proof({ ...stolen, accessToken: "another token" }),
    await payer.browser.proof({ ...stolen, url: url.replace(path, "/v1/session") }),
    await payer.browser.proof({ ...stolen, extra: { iat: Math.floor(Date.now() / 1000) - 61 } }),
  ]) {
    expect(await codeOf(renew(payer.accessToken, { headers: { dpop } }))).toBe("proof_invalid");
  }
  const seen = await payer.browser.proof(stolen);
  expect((await renew(payer.accessToken, { headers: { dpop: seen } })).status).toBe(200);
  expect(await codeOf(renew(payer.accessToken, { headers: { dpop: seen } }))).toBe("proof_invalid");
  expect(forwarded()).toHaveLength(1);
});

test("another tenant's host renews nothing", async () => {
  expect(await codeOf(payer.call(path, { method: "POST", host: "globex.localhost" }))).toBe(
    "tenant_mismatch",
  );
  expect(forwarded()).toEqual([]);
});

test("a renewal lost on its way is asked for again, with the former token, and is the same session", async () => {
  rig.answer((at) => {
    if (at.endsWith("/renew")) throw new Error("ECONNRESET");
    return null;
  });
  expect(await codeOf(renew())).toBe("unavailable");
  rig.answer(null);
  const lost = await renewed();
  const again = await renewed();
  expect(again.endsInS).toBe(lost.endsInS);
});

test.each(["token_invalid", "not_found", "tenant_unavailable"] as const)(
  "what the server refuses it by (%s) is said as it is, and no token comes of it",
  async (code) => {
    rig.answer((at) => (at.endsWith("/renew") ? problem(code) : null));
    const answer = await (await renew()).json();
    expect(answer).toMatchObject({ code });
    expect(answer).not.toHaveProperty("accessToken");
  },
);

test("limits as the server says them now count from the renewal on", async () => {
  rig.answer((at) =>
    at.endsWith("/renew") ? Response.json({ limits: { idleS: 60, absoluteS: 120 } }) : null,
  );
  rig.advance(90_000);
  expect(await renewed()).toMatchObject({ expiresInS: 30, renewableInS: 30, endsInS: 30 });
  rig.advance(minuteMs);
  expect(await codeOf(renew())).toBe("token_expired");
});

test("renewals are counted against the session like its other requests", async () => {
  const tight = await createRig({ limits: { session: 3 } });
  const visitor = await tight.enter(host);
  const statuses = [];
  for (let n = 0; n < 6; n++) statuses.push((await visitor.call(path, { method: "POST" })).status);
  expect(statuses).toContain(429);
  await tight.close();
});

test("a session of an older server cannot be renewed, and ends as it used to", async () => {
  const old = await createRig();
  old.answer((at, _) => (at.endsWith("/v1/session") ? olderServer() : null));
  const visitor = await old.enter(host);
  expect(visitor.session).not.toHaveProperty("renewableInS");
  expect(await codeOf(visitor.call(path, { method: "POST" }))).toBe("token_expired");
  await old.close();
});

function olderServer(): Response {
  const { limits: _, ...grant } = opened.grant;
  return Response.json({ ...opened, grant });
}
