import {
  type EdgeRoute,
  type PortalRouteId,
  portalRows,
  type RateClass,
  routes,
} from "@clarity/server/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { person } from "../testing/person.ts";
import { createRig, json, type Rig, type Visitor } from "../testing/rig.ts";

/** What each row of the table says of itself, asked of the edge. */
const host = "acme.localhost";
const id = "0198a000-1111-4000-8000-000000000001";
const named: Record<string, string> = {
  id,
  key: "seller.name",
  file: "abcdefgh.css",
  provider: "payments",
  version: "1.2.3",
};
const rows = Object.entries<EdgeRoute>(routes.edge).map(([name, row]) => ({
  name,
  row,
  path: row.path.replaceAll(/\{(\w+)\}/g, (_, one) => named[one] ?? expect.fail(one)),
}));
const order = {
  id,
  currency: "USD",
  lines: [{ invoiceId: "1", amountMinor: "100" }],
  method: { type: "card", token: "tok" },
  shown: { surchargeMinor: "0", totalMinor: "100" },
};
/** Bodies that a row's shape lets through; none: any. */
const bodies: Record<string, object> = {
  startPayment: order,
  openSession: { token: "e".repeat(40) },
  startPortalLogin: { email: "a@acme.test" },
  finishPortalLogin: { link: "l".repeat(43) },
  finishPortalStepUp: { code: "123456" },
  inviteToPortal: { email: "a@acme.test", name: "A", role: "viewer" },
  importPortalInvoices: { file: "", apply: false },
  changePortalRole: { role: "viewer" },
  askAboutPortalPayment: { reason: "why" },
  closePortalPayment: { reason: "why" },
  decidePortalPayment: { decision: "unpaid", reason: "why" },
  replayPortalDelivery: { reason: "why" },
  finishPortalDelivery: { reason: "why" },
  changePortalSetting: { value: "Ltd", version: "" },
  changePortalSecret: { value: "s3cret", version: "" },
  addPortalEmbedKey: { algorithm: "HS256" },
  revokePortalEmbedKey: { reason: "lost" },
  changePortalFlag: { value: true, version: "" },
};
/** Somebody at the portal; the fake server takes any cookie. */
const portalCookie = "c".repeat(43);

let rig: Rig;
let visitor: Visitor;
beforeAll(async () => {
  rig = await createRig();
  visitor = await rig.enter(host);
});
afterAll(() => rig.close());

/** Every guard lets it in: with a session, a fresh proof, from this machine. */
async function call(one: (typeof rows)[number], init: RequestInit = {}, by = { rig, visitor }) {
  const { row, path, name } = one;
  const method = init.method ?? row.method;
  const sent = "bodyBytes" in row && init.body === undefined ? json(bodies[name] ?? {}) : {};
  if (row.host === "any") return by.rig.call("127.0.0.1", path, { method });
  return letIn(row, path, { ...sent, ...init, method }, by);
}

/** By whom the row's guard lets in. */
function letIn(row: EdgeRoute, path: string, init: RequestInit, by = { rig, visitor }) {
  if (row.guard === "loopback") return by.rig.call("127.0.0.1", path, init);
  if (row.guard !== "user" && row.guard !== "page") return by.visitor.call(path, init);
  return person(by.rig, host, portalCookie).call(path, init as RequestInit & { body?: string });
}

describe.each(rows)("$name", (one) => {
  const { row, path } = one;

  test("a method that no row has there is 405, and says which have", async () => {
    const there = rows.filter((other) => other.path === path).map((other) => other.row.method);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
      if (there.includes(method)) continue;
      const answer = await letIn(row, path, { method });
      const allowed = there.flatMap((its) => (its === "GET" ? ["GET", "HEAD"] : [its]));
      expect(answer.headers.get("allow"), method).toBe(allowed.join(", "));
      expect(await codeOf(answer), method).toBe("method_not_allowed");
    }
  });

  test("requests are counted against whom the row's rate class says", async () => {
    const spent: string[] = [];
    for (const counted of ["session", "address", "login", "page", "tenant"] as const) {
      // More than it takes to come in.
      const limits = { session: 1e9, address: 1e9, login: 1e9, page: 1e9, tenant: 1e9, [counted]: 5 };
      const tight = await createRig({ limits });
      const by = { rig: tight, visitor: await tight.enter(host) };
      const statuses: number[] = [];
      for (let n = 0; n < 10; n++) statuses.push((await call(one, {}, by)).status);
      if (statuses.includes(429)) spent.push(counted);
      await tight.close();
    }
    expect(spent).toEqual(counts[row.rate]);
  });
});

test.each(
  rows.flatMap((one) => ("bodyBytes" in one.row ? [{ name: one.name, one, limit: one.row.bodyBytes }] : [])),
)("a body for $name may be $limit bytes long, and no longer", async ({ one, limit }) => {
  const headers = { "content-type": "application/json" };
  const send = (bytes: number) => call(one, { headers, body: JSON.stringify("x".repeat(bytes - 2)) });
  rig.seen.length = 0;
  expect(await codeOf(await send(limit + 1))).toBe("body_too_large");
  expect(rig.seen).toEqual([]);
  expect((await send(limit)).status).not.toBe(413);
});

/** A provider, or an ERP, is asked meanwhile. */
const slow = new Set<string>(["askAboutPortalPayment", "closePortalPayment", "decidePortalPayment"]);
const portalIds = Object.keys(portalRows) as PortalRouteId[];

const counts: Record<RateClass, string[]> = {
  payer: ["session", "tenant"],
  newcomer: ["address", "tenant"],
  // The rig takes them all to be genuine.
  webhook: ["tenant"],
  // Of one that the edge has read.
  reader: ["page"],
  login: ["login", "tenant"],
  user: ["session", "tenant"],
  anybody: ["page"],
  probe: ["page"],
  uncounted: [],
};

const forwarded: [name: string, scope: string, timeoutMs: number][] = [
  ["openSession", "session:open", 10_000],
  ["renewSession", "pay", 10_000],
  ["listInvoices", "pay", 10_000],
  ["startPayment", "pay", 45_000],
  ["readPayment", "pay", 10_000],
  ["resumePayment", "pay", 45_000],
  // Of a provider that is called payments.
  ["receiveWebhook", "webhook", 10_000],
  ["readTheme", "theme:read", 10_000],
  ["readPortalPage", "portal:open", 10_000],
  ...portalIds.map(
    (id) =>
      [
        id,
        portalRows[id].guard === "page" ? "portal:open" : "portal",
        slow.has(id) ? 25_000 : 10_000,
      ] satisfies [string, string, number],
  ),
];

test.each(forwarded)(
  "%s is forwarded under scope %s, and its answer waited for %d ms",
  async (name, scope, timeoutMs) => {
    const one = rows.find((other) => other.name === name) ?? expect.fail(name);
    rig.seen.length = 0;
    await call(one);
    expect(rig.seen).toMatchObject([{ claims: { scopes: [scope] }, timeoutMs }]);
  },
);

test("what is in no row is 404, by any method, with or without a session, and nothing is forwarded", async () => {
  const patterns = rows.map(({ row }) => new RegExp(`^${row.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`));
  const beside = rows
    .flatMap(({ path }) => [`${path}/`, `${path}/x`, `${path}x/y`, path.toUpperCase(), `/x${path}`])
    .concat("/", "/v1", "/v1/accounts", "/internal/v1/invoices", "/portal/v1/users", "/.env", "/v1/*")
    .filter((path) => !patterns.some((pattern) => pattern.test(path)));
  expect(beside.length).toBeGreaterThan(50);
  rig.seen.length = 0;
  for (const path of beside) {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      for (const answer of [
        await visitor.call(path, { method }),
        await rig.call(host, path, { method, headers: { origin: "https://erp.acme.example" } }),
      ]) {
        expect(await codeOf(answer), `${method} ${path}`).toBe("not_found");
        expect(answer.headers.get("access-control-allow-methods")).toBeNull();
      }
    }
  }
  expect(rig.seen).toEqual([]);
});
