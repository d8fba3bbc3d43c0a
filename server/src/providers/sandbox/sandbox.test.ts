import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { describeProvider, type TestCard } from "../conformance.ts";
import { signWebhook } from "../standard-webhooks.ts";
import { startSandboxProcess } from "../testing/sandbox-process.ts";
import { createSandboxProvider } from "./sandbox.ts";

const numbers: Record<TestCard, string> = {
  success: "4242424242424242",
  debit: "4000056655665556",
  declined: "4000000000000002",
  insufficient_funds: "4000000000009995",
  challenge: "4000002760003184",
};

describeProvider("sandbox, over HTTP to its process", async () => {
  const sandbox = await startSandboxProcess();
  const account = await sandbox.account("conformance");
  const { webhookSecret } = account;
  const open = ({ secretKey }: { secretKey: string }) =>
    createSandboxProvider({ baseUrl: sandbox.url, secretKey, webhookSecret, timeoutMs: 1_000 });
  return {
    provider: open(account),
    stranger: open(await sandbox.account("stranger")),
    token: (card) => sandbox.token(account, numbers[card]),
    completeChallenge: (_, url, success) => sandbox.decide(url, success),
    loseNextAnswer: async () => void (await sandbox.fault("timeout_after_charge")),
    async storeNextError(operation, done) {
      const struck = operation === "authorize" ? "charge" : operation;
      await sandbox.fault(done ? "error_500_after" : "error_500", { operation: struck });
    },
    async books(reference) {
      const charge = (await sandbox.charges(account)).find((one) => one.reference === reference);
      return { capturedMinor: BigInt(charge?.captured ?? 0), refundedMinor: BigInt(charge?.refunded ?? 0) };
    },
    webhook(input) {
      const data = { reference: input.reference, status: "captured" };
      const body = Buffer.from(JSON.stringify({ type: "charge.updated", data }));
      return { body, headers: signWebhook({ secret: webhookSecret, ...input, body }) };
    },
    close: () => sandbox.close(),
  };
});

const money = { amountMinor: 1n, currency: "USD" };

/** Every call of the adapter against a server that answers in this way. */
async function callAll(answer: RequestListener, timeoutMs = 200) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createSandboxProvider({
    baseUrl,
    secretKey: "sk_x",
    webhookSecret: `whsec_${"A".repeat(32)}`,
    timeoutMs,
  });
  const signal = AbortSignal.timeout(5_000);
  try {
    return await Promise.all([
      provider.inspect({ token: "t", signal }),
      provider.authorize({ reference: "r", token: "t", money, statement: "S", returnOrigin: null, signal }),
      provider.capture({ reference: "r", money, signal }),
      provider.refund({ reference: "r", refundReference: "q", money, signal }),
      provider.find({ reference: "r", signal }),
      provider.account({ signal }),
    ]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const problem =
  (status: number, code: string): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify({ error: { code, message: "" } }));

test.each<[string, RequestListener]>([
  ["500", problem(500, "internal")],
  ["503 with a page", (_, response) => response.writeHead(503).end("<h1>down</h1>")],
  ["409 in_progress", problem(409, "in_progress")],
  ["422 idempotency_mismatch", problem(422, "idempotency_mismatch")],
  ["401: our key, not the card", problem(401, "unauthorized")],
  ["429", problem(429, "rate_limited")],
  ["a proxy's 404", (_, response) => response.writeHead(404).end("<h1>no</h1>")],
  ["200 without JSON", (_, response) => response.end("OK")],
  ["200 with another shape", (_, response) => response.end('{"status":"captured"}')],
  ["an amount that is no integer", (_, response) => response.end('{"amount":"1.5"}')],
  ["a redirect", (_, response) => response.writeHead(307, { location: "http://127.0.0.1:9/" }).end()],
  ["a broken connection", (request) => request.socket.destroy()],
  ["no answer in time", () => {}],
])("%s is unknown to every call: neither declined nor absent", async (_, answer) => {
  for (const outcome of await callAll(answer)) {
    expect(outcome).toMatchObject({ kind: "unknown", cause: expect.any(String) });
  }
});

test.each<[string, RequestListener, boolean]>([
  ["its own 500", problem(500, "internal"), true],
  ["its own 504", problem(504, "internal"), true],
  ["a 503 in a page", (_, response) => response.writeHead(503).end("<h1>down</h1>"), true],
  ["a gateway's 504", (_, response) => response.writeHead(504).end("<h1>late</h1>"), false],
  ["a gateway's 502", (_, response) => response.writeHead(502).end(), false],
  ["409 in_progress", problem(409, "in_progress"), false],
  ["a refusal", problem(422, "idempotency_mismatch"), false],
  ["a broken connection", (request) => request.socket.destroy(), false],
  ["no answer in time", () => {}, false],
])("%s: whether the call is over and an error may stand under its key is said", async (_, answer, over) => {
  const [, authorized, captured] = await callAll(answer);
  for (const outcome of [authorized, captured]) expect("vendorError" in (outcome ?? {})).toBe(over);
});

test("nobody listening is unknown too", async () => {
  const provider = createSandboxProvider({
    baseUrl: "http://127.0.0.1:9",
    secretKey: "sk_x",
    webhookSecret: `whsec_${"A".repeat(32)}`,
    timeoutMs: 500,
  });
  expect(await provider.find({ reference: "r", signal: AbortSignal.timeout(900) })).toMatchObject({
    kind: "unknown",
  });
});

test("a token refused by the provider itself declines: nothing was charged", async () => {
  const [, authorized] = await callAll(problem(422, "invalid_token"));
  expect(authorized).toEqual({ kind: "declined", providerRef: null, reason: "declined" });
});
