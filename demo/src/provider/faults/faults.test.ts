import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { adminKey, type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let acme: Merchant;
let token: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme");
  token = await acme.token("4242424242424242");
});
beforeEach(() => sandbox.setFault({ mode: "none" }));
afterAll(() => sandbox.close());

test("timeout_after_charge: charged, the connection breaks, the same call again is answered", async () => {
  await sandbox.setFault({ mode: "timeout_after_charge", remaining: 1 });
  const reference = randomUUID();
  await expect(acme.charge({ reference, token })).rejects.toThrow("fetch failed");
  expect((await acme.find(reference)).json.status).toBe("authorized");
  expect(await acme.charge({ reference, token })).toMatchObject({ status: 201 });
});

test("timeout_after_charge for captures leaves charges alone and captures all the same", async () => {
  await sandbox.setFault({ mode: "timeout_after_charge", remaining: 1, operation: "capture" });
  const { status, json } = await acme.charge({ token });
  expect(status).toBe(201);
  await expect(acme.capture(json.reference, 1000n)).rejects.toThrow("fetch failed");
  expect((await acme.find(json.reference)).json).toMatchObject({ status: "captured", captured: "1000" });
});

test("error_500: nothing is charged, and the 500 stays under the key", async () => {
  await sandbox.setFault({ mode: "error_500", remaining: 1 });
  const reference = randomUUID();
  const first = await acme.charge({ reference, token });
  const again = await acme.charge({ reference, token });
  expect([first.status, again.status]).toEqual([500, 500]);
  expect(again.text).toBe(first.text);
  expect((await acme.find(reference)).status).toBe(404);
  expect((await acme.charge({ token })).status).toBe(201);
});

test("error_500_after: done all the same, and the 500 stays under the key; another key is told what is so", async () => {
  const { json } = await acme.charge({ token });
  await sandbox.setFault({ mode: "error_500_after", remaining: 1, operation: "capture" });
  const statuses = [];
  for (const key of ["a", "a", "b"]) statuses.push((await acme.capture(json.reference, 1000n, key)).status);
  expect(statuses).toEqual([500, 500, 409]);
  expect((await acme.find(json.reference)).json).toMatchObject({ status: "captured", captured: "1000" });
});

test("a charge is read by its own id too, even while look-ups by reference say 404; another account's is not", async () => {
  const { json } = await acme.charge({ token });
  const byId = (merchant: Merchant) => merchant.call("GET", `/v1/charges/by-id/${json.id}`, {});
  await sandbox.setFault({ mode: "not_found_after_submit", remaining: 2 });
  expect((await byId(acme)).json).toEqual(json);
  expect((await byId(await sandbox.merchant("Globex"))).status).toBe(404);
});

test("error_409: charged, answered as if the call were still running", async () => {
  await sandbox.setFault({ mode: "error_409", remaining: 1 });
  const reference = randomUUID();
  const answer = await acme.charge({ reference, token });
  expect(answer).toMatchObject({ status: 409, json: { error: { code: "in_progress" } } });
  expect((await acme.find(reference)).json.status).toBe("authorized");
});

test("not_found_after_submit: charged, the connection is lost, look-ups say 404 as often as switched on", async () => {
  await sandbox.setFault({ mode: "not_found_after_submit", remaining: 2 });
  const reference = randomUUID();
  await expect(acme.charge({ reference, token })).rejects.toThrow("fetch failed");
  expect((await acme.find(reference)).status).toBe(404);
  expect((await acme.find(reference)).status).toBe(404);
  expect((await acme.find(reference)).json.status).toBe("authorized");
});

test("ten calls at once under a fault for three: three are struck", async () => {
  await sandbox.setFault({ mode: "error_500", remaining: 3 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => acme.charge({ token })));
  expect(answers.filter(({ status }) => status === 500)).toHaveLength(3);
  expect(await fault()).toEqual({ mode: "none", remaining: 0, operation: null });
});

test("a refused call does not use a fault up", async () => {
  await sandbox.setFault({ mode: "error_409", remaining: 1 });
  await acme.charge({ token: "tok_unknown" });
  expect(await fault()).toMatchObject({ mode: "error_409", remaining: 1 });
});

test("faults are the admin's: merchants and strangers get 401, unknown modes 400", async () => {
  const body = { mode: "error_500" };
  expect((await acme.call("POST", "/v1/faults", { body })).status).toBe(401);
  expect((await fetch(`${sandbox.url}/v1/faults`)).status).toBe(401);
  const headers = { authorization: `Bearer ${adminKey}` };
  expect((await acme.call("POST", "/v1/faults", { body: { mode: "meteor" }, headers })).status).toBe(400);
  expect(await fault()).toMatchObject({ mode: "none" });
});

async function fault() {
  const response = await fetch(`${sandbox.url}/v1/faults`, {
    headers: { authorization: `Bearer ${adminKey}` },
  });
  return response.json();
}
