import { misdirected } from "@clarity/server/contract";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { createRig, json, type Rig, usualAnswer } from "../testing/rig.ts";

const host = "acme.localhost";
/** Where the registry says that acme lives, and where it really does; null: the shared servers, "": nowhere. */
let lives: { told: string | null; really: string | null };
let asked: { audience: string; path: string }[];
let rig: Rig;

beforeEach(async () => {
  lives = { told: null, really: null };
  asked = [];
  const serve = (own: string | null) => async (request: Request) => {
    const path = new URL(request.url).pathname;
    const { aud } = decodeJwt(request.headers.get("authorization")?.slice("Bearer ".length) ?? "");
    asked.push({ audience: String(aud), path });
    const entry = { ...rig.hosts.get(host), upstream: lives.told };
    const isHost = path.startsWith("/internal/v1/hosts/");
    if (isHost && own === null)
      return Response.json({ ...entry, ...(lives.told !== null && { embedOrigins: [] }) });
    if (lives.really !== own)
      return Response.json({ code: misdirected.code }, { status: misdirected.status });
    if (isHost) return Response.json(entry);
    return usualAnswer(path, rig.hosts);
  };
  rig = await createRig({ upstream: serve(null), dedicated: (baseUrl) => serve(baseUrl) });
});
afterEach(() => rig.close());

const instance = "https://acme.instances.test";
const pathsAt = (audience: string) =>
  asked.filter((one) => one.audience === audience).map(({ path }) => path);

test("a tenant that moved to its own instance is found there at once, within the same request", async () => {
  const visitor = await rig.enter(host);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  lives = { told: instance, really: instance };
  asked = [];
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  expect(pathsAt("shared")).toEqual(["/internal/v1/invoices", `/internal/v1/hosts/${host}`]);
  expect(pathsAt(instance)).toEqual([`/internal/v1/hosts/${host}`, "/internal/v1/invoices"]);
  asked = [];
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  expect(pathsAt("shared")).toEqual([]);
});

test("and back to the shared servers, and from one instance to another", async () => {
  lives = { told: instance, really: instance };
  const visitor = await rig.enter(host);
  const other = "https://acme-2.instances.test";
  for (const place of [other, null, instance]) {
    lives = { told: place, really: place };
    expect((await visitor.call("/v1/invoices")).status).toBe(200);
  }
});

test("who may embed the form is what the tenant's own instance says", async () => {
  lives = { told: instance, really: instance };
  const origin = "https://erp.acme.example";
  const preflight = await rig.call(host, "/v1/session", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
});

test("a tenant nobody has is asked for twice and no more, and the form is told to come back", async () => {
  const visitor = await rig.enter(host);
  lives.really = "";
  asked = [];
  const answer = await visitor.call("/v1/payments", json(order));
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await codeOf(answer)).toBe("tenant_moving");
  expect(asked.filter(({ path }) => path === "/internal/v1/payments")).toHaveLength(2);
});

const order = {
  id: "0198a000-0000-7000-8000-0000000000ff",
  currency: "USD",
  lines: [{ invoiceId: "7", amountMinor: "100" }],
  method: { type: "card", token: "tok" },
  shown: { surchargeMinor: "0", totalMinor: "100" },
};
