import { gzipSync } from "node:zlib";
import { Problem } from "@clarity/bff/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { createRig, json, type Rig } from "../testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

const host = "acme.localhost";
const id = "0198a000-1111-4000-8000-000000000001";
const order = {
  id,
  currency: "USD",
  lines: [{ invoiceId: "1", amountMinor: "100" }],
  method: { type: "card", token: "tok" },
  shown: { surchargeMinor: "0", totalMinor: "100" },
};
const forwarded = () => rig.seen.filter(({ path }) => !path.startsWith("/internal/v1/hosts/"));

test.each<[string, RequestInit, string]>([
  ["no body", { method: "POST", headers: { "content-type": "application/json" } }, "malformed_request"],
  ["broken JSON", { ...json(null), body: "{" }, "malformed_request"],
  ["bytes that are no text", { ...json(null), body: new Uint8Array([0xff, 0xfe, 0]) }, "malformed_request"],
  ["null", json(null), "validation_failed"],
  ["a list", json([order]), "validation_failed"],
  ["a field too many", json({ ...order, admin: true }), "validation_failed"],
  [
    "prototype keys",
    { ...json(null), body: JSON.stringify(order).replace("{", '{"__proto__":{"admin":true},') },
    "validation_failed",
  ],
  [
    "an amount as a number",
    json({ ...order, lines: [{ invoiceId: "1", amountMinor: 100 }] }),
    "validation_failed",
  ],
  [
    "a negative amount",
    json({ ...order, lines: [{ invoiceId: "1", amountMinor: "-1" }] }),
    "validation_failed",
  ],
  [
    "a NUL in an invoice id",
    json({ ...order, lines: [{ invoiceId: "1\u0000", amountMinor: "100" }] }),
    "validation_failed",
  ],
  [
    "half a character in an invoice id",
    json({ ...order, lines: [{ invoiceId: "\ud800", amountMinor: "100" }] }),
    "validation_failed",
  ],
  [
    "a card token with a line break",
    json({ ...order, method: { type: "card", token: "tok\r\n" } }),
    "validation_failed",
  ],
  [
    "half a character for a card token",
    json({ ...order, method: { type: "card", token: "\ud800" } }),
    "validation_failed",
  ],
  ["101 lines", json({ ...order, lines: Array(101).fill(order.lines[0]) }), "validation_failed"],
  ["30,000 levels", { ...json(null), body: "[".repeat(30_000) + "]".repeat(30_000) }, "validation_failed"],
  ["70 kB", json({ ...order, pad: "x".repeat(70_000) }), "body_too_large"],
  [
    "a form",
    { ...json(order), headers: { "content-type": "application/x-www-form-urlencoded" } },
    "unsupported_media_type",
  ],
  ["text", { ...json(order), headers: { "content-type": "text/plain" } }, "unsupported_media_type"],
  [
    "no content type",
    { method: "POST", body: new TextEncoder().encode(JSON.stringify(order)) },
    "unsupported_media_type",
  ],
  [
    "something gzipped",
    {
      ...json(null),
      body: gzipSync(JSON.stringify(order)),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
    },
    "unsupported_media_type",
  ],
])("a payment of %s is refused before the server hears of it", async (_, init, code) => {
  const visitor = await rig.enter(host);
  rig.seen.length = 0;
  expect(await codeOf(await visitor.call("/v1/payments", init))).toBe(code);
  expect(forwarded()).toEqual([]);
  expect({}).not.toHaveProperty("admin");
});

test("a body without announced length is counted while it arrives, and cut", async () => {
  const visitor = await rig.enter(host);
  let pulled = 0;
  const endless = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(16 * 1024));
    },
  });
  const init = { ...json(null), body: endless, duplex: "half" } as RequestInit;
  expect(await codeOf(await visitor.call("/v1/payments", init))).toBe("body_too_large");
  expect(pulled).toBeLessThan(12);
});

test("a sender who leaves half-way is no fault of ours", async () => {
  const gone = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  const body = new ReadableStream({ pull: (controller) => controller.error(gone) });
  const init = { method: "POST", headers: { host, "content-length": "9" }, body, duplex: "half" };
  const request = new Request(`http://${host}/webhooks/sandbox`, init as RequestInit);
  const incoming = { socket: { remoteAddress: "127.0.0.1" }, errored: gone };
  expect(await codeOf(await rig.edge.fetch(request, { incoming }))).toBe("malformed_request");
  expect(rig.log.filter((line) => JSON.parse(line).level > 30)).toEqual([]);
});

test("faults of a payment are named by JSON pointers", async () => {
  const visitor = await rig.enter(host);
  const answer = await visitor.call("/v1/payments", json({ ...order, currency: "usd", "a/b~c": 1 }));
  const { errors } = Problem.parse(await answer.json());
  expect(errors?.map(({ pointer }) => pointer)).toEqual(["/currency", ""]);
});
