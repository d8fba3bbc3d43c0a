import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PaymentRequest } from "../../contract/index.ts";
import { createSandboxProvider } from "../providers/sandbox/sandbox.ts";
import {
  type Account,
  type SandboxProcess,
  startSandboxProcess,
} from "../providers/testing/sandbox-process.ts";
import { readPayment } from "./read-payment.ts";
import { resolveAttempt } from "./resolve-attempt.ts";
import { startPayment } from "./start-payment.ts";
import { paymentRequest } from "./testing/start.ts";
import { createWorld, erpSettings, type TestTenant } from "./testing/world.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let sandbox: SandboxProcess;
let account: Account;
beforeAll(async () => {
  [world, sandbox] = await Promise.all([createWorld(), startSandboxProcess()]);
  account = await sandbox.account("killed");
});
afterAll(() => Promise.all([world.close(), sandbox.close()]));

const child = fileURLToPath(new URL("./testing/pay-in-child.ts", import.meta.url));

interface CrashPoint {
  /** End of the path of the call to the provider. */
  call: "/charges" | "/capture";
  /** Killed when the call is made, before the provider sees it, or when the provider has said yes. */
  when: "before" | "after";
}

test.each<[string, CrashPoint]>([
  ["once the intent was committed, before the provider saw it", { call: "/charges", when: "before" }],
  ["once the provider authorised, before we heard", { call: "/charges", when: "after" }],
  ["between authorisation and capture", { call: "/capture", when: "before" }],
  ["once the provider captured, before we heard", { call: "/capture", when: "after" }],
])("killed -9 %s: another process finishes it, one capture", async (_, point) => {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(500n);
  const token = await sandbox.token(account, "4242424242424242");
  const request = paymentRequest({ lines: [[invoice, 500n]], token });
  await killedWhile(tenant, { start: orderOf(request) }, point);

  const ctx = { ...tenant.ctx, provider: async () => createSandboxProvider(sandboxOptions(sandbox.url)) };
  const input = { paymentId: request.id, customerId: "C-1" };
  // The payer reloads while the dead process still holds the lease: the same payment, nothing sent.
  expect(await startPayment({ ctx, input: orderOf(request) })).toMatchObject({
    created: false,
    payment: { state: "processing" },
  });
  await tenant.age(31);
  expect(await readPayment({ ctx, input })).toMatchObject({ payment: { state: "captured" } });

  const [attempt] = await tenant.attempts();
  const charges = (await sandbox.charges(account)).filter(({ reference }) => reference === attempt?.id);
  expect(charges).toMatchObject([{ captured: "500" }]);
  expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
  expect((await tenant.outbox()).map((row) => row.kind)).toEqual(["erp_post", "receipt_email"]);
  expect((await tenant.ledger()).map((row) => row.amount_minor)).toEqual([500n, -500n]);
});

test.each<CrashPoint["when"]>(["before", "after"])(
  "killed -9 with the next key recorded, %s the provider captured under it: another process asks under the same, one capture",
  async (when) => {
    const tenant = world.tenant();
    const invoice = await tenant.invoice(500n);
    const token = await sandbox.token(account, "4242424242424242");
    const ctx = { ...tenant.ctx, provider: async () => createSandboxProvider(sandboxOptions(sandbox.url)) };
    const request = paymentRequest({ lines: [[invoice, 500n]], token });
    await sandbox.fault("error_500", { operation: "capture" });
    expect(await startPayment({ ctx, input: orderOf(request) })).toMatchObject({
      payment: { state: "processing" },
    });
    const attemptId = (await tenant.attempts())[0]?.id as string;
    const numberAfter = async (seconds: number) => {
      await tenant.age(seconds);
      await resolveAttempt({ ctx, input: { attemptId } });
      return (await tenant.attempts())[0]?.capture_number;
    };
    expect(await numberAfter(3)).toBe(1);
    await tenant.age(31);
    await killedWhile(tenant, { attemptId }, { call: "/capture", when });
    expect(await tenant.attempts()).toMatchObject([{ capture_number: 2, state: "authorized" }]);
    expect(await numberAfter(31)).toBe(2);

    expect(await tenant.payments()).toMatchObject([{ state: "captured" }]);
    const charges = (await sandbox.charges(account)).filter(({ reference }) => reference === attemptId);
    expect(charges).toMatchObject([{ captured: "500" }]);
    expect(await tenant.balance(invoice)).toEqual([500n, 0n, 500n]);
    expect((await tenant.ledger()).map((row) => row.amount_minor)).toEqual([500n, -500n]);
    expect((await tenant.audit()).filter((action) => action === "payment.captured")).toHaveLength(1);
  },
);

const orderOf = (request: PaymentRequest) => ({
  request,
  customerId: "C-1",
  allowedInvoices: null,
  returnOrigin: null,
  locale: "en",
});

const sandboxOptions = (baseUrl: string) => ({
  baseUrl,
  secretKey: account.secretKey,
  webhookSecret: account.webhookSecret,
  timeoutMs: 5_000,
});

/** Works in a process of its own, whose way to the provider leads through a door that shuts on it. */
async function killedWhile(
  tenant: TestTenant,
  work: { start: ReturnType<typeof orderOf> } | { attemptId: string },
  point: CrashPoint,
): Promise<void> {
  let victim: ChildProcess | undefined;
  const door = await openDoor(point, () => victim?.kill("SIGKILL"));
  const { port } = door.address() as AddressInfo;
  const pay = {
    databaseUrl: world.url,
    tenantId: tenant.id,
    settings: { connector: erpSettings },
    provider: { id: "sandbox", baseUrl: `http://127.0.0.1:${port}` },
    secrets: account,
    ...work,
  };
  victim = spawn(process.execPath, [child], {
    env: { PATH: process.env.PATH, PAY: JSON.stringify(pay) },
    stdio: "inherit",
  });
  const [, signal] = await once(victim, "exit");
  door.close();
  door.closeAllConnections();
  expect(signal).toBe("SIGKILL");
}

/** Passes calls on to the sandbox; at the crash point it kills instead of answering. */
async function openDoor(point: CrashPoint, kill: () => void): Promise<Server> {
  const door = createServer(async (request, response) => {
    const isThere = request.method === "POST" && request.url?.endsWith(point.call);
    if (isThere && point.when === "before") return kill();
    const answer = await passOn(request);
    if (isThere) return kill();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
  return door;
}

async function passOn(request: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { authorization = "", "idempotency-key": key } = request.headers;
  return fetch(sandbox.url + request.url, {
    method: request.method ?? "GET",
    headers: {
      authorization,
      ...(key && { "idempotency-key": String(key), "content-type": "application/json" }),
    },
    ...(request.method === "POST" && { body: Buffer.concat(chunks) }),
  });
}
