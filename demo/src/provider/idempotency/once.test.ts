import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let acme: Merchant;
let globex: Merchant;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme");
  globex = await sandbox.merchant("Globex");
});
afterAll(() => sandbox.close());

test("fifty calls at once with one key make one charge; each is answered with it or with 409", async () => {
  const token = await acme.token("4242424242424242");
  const reference = randomUUID();
  const answers = await Promise.all(Array.from({ length: 50 }, () => acme.charge({ reference, token })));

  const made = answers.filter(({ status }) => status === 201);
  const running = answers.filter(({ status }) => status === 409);
  expect(made.length).toBeGreaterThanOrEqual(1);
  expect(made.length + running.length).toBe(50);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  expect(running.every(({ json }) => json.error.code === "in_progress")).toBe(true);
  expect((await acme.list()).filter((charge) => charge.reference === reference)).toHaveLength(1);
  const [events] = await sandbox.sql`select count(*)::int from events where body like ${`%${reference}%`}`;
  expect(events).toEqual({ count: 1 });
});

test("a call while the first still runs is answered 409, not queued behind it", async () => {
  const token = await acme.token("4242424242424242");
  const reference = randomUUID();
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holder = sandbox.sql.begin(async (tx) => {
    // The first call gets as far as its charge and waits for this table.
    await tx`lock table events in access exclusive mode`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const first = acme.charge({ reference, token });
  try {
    // Of this database alone: other tests' databases are on the same server.
    const claims = () => sandbox.sql`
      select 1 from pg_locks where locktype = 'advisory'
      and database = (select oid from pg_database where datname = current_database())`;
    await expect.poll(async () => (await claims()).length).toBe(1);
    expect(await acme.charge({ reference, token })).toMatchObject({
      status: 409,
      json: { error: { code: "in_progress" } },
    });
  } finally {
    release.resolve();
    await holder;
  }
  expect((await first).status).toBe(201);
});

test("a repeated call is answered byte for byte as the first, even after the charge moved on", async () => {
  const token = await acme.token("4242424242424242");
  const reference = randomUUID();
  const first = await acme.charge({ reference, token });
  await acme.capture(reference, 1000n);
  const again = await acme.charge({ reference, token });
  expect(again.text).toBe(first.text);
  expect(again.json.status).toBe("authorized");
  expect((await acme.find(reference)).json.status).toBe("captured");
});

test.each([
  ["amount", { amount: "1001" }],
  ["currency", { currency: "EUR" }],
  ["reference", { reference: "another" }],
  ["token", { token: "tok_another" }],
])("the key with another %s is 422 idempotency_mismatch and does nothing", async (_, change) => {
  const token = await acme.token("4242424242424242");
  const reference = randomUUID();
  const first = await acme.charge({ reference, token }, reference);
  const before = (await acme.list()).length;
  const other = await acme.charge({ reference, token, ...change }, reference);
  expect(other).toMatchObject({ status: 422, json: { error: { code: "idempotency_mismatch" } } });
  expect(await acme.list()).toHaveLength(before);
  expect((await acme.find(reference)).json).toEqual(first.json);
});

test("a key used for a charge cannot capture it", async () => {
  const token = await acme.token("4242424242424242");
  const reference = randomUUID();
  await acme.charge({ reference, token }, "one-key");
  const answer = await acme.capture(reference, 1000n, "one-key");
  expect(answer).toMatchObject({ status: 422, json: { error: { code: "idempotency_mismatch" } } });
});

test("the same key and reference belong to each account alone", async () => {
  const reference = randomUUID();
  const ours = await acme.charge({ reference, token: await acme.token("4242424242424242") });
  const theirs = await globex.charge({
    reference,
    token: await globex.token("4242424242424242"),
    amount: "77",
  });
  expect([ours.status, theirs.status]).toEqual([201, 201]);
  expect(theirs.json.id).not.toBe(ours.json.id);
  expect((await acme.find(reference)).json.amount).toBe("1000");
});

test("a refusal is not stored: the same call succeeds once its reason is gone", async () => {
  const token = await acme.token("4000002760003184");
  const { json } = await acme.charge({ token });
  const key = randomUUID();
  const early = await acme.capture(json.reference, 1000n, key);
  expect(early).toMatchObject({ status: 409, json: { error: { code: "not_authorized" } } });
  await sandbox.sql`update charges set status = 'authorized' where id = ${json.id}`;
  expect((await acme.capture(json.reference, 1000n, key)).json.status).toBe("captured");
});

test("a second charge under a used reference is 409 reference_taken", async () => {
  const token = await acme.token("4242424242424242");
  const { json } = await acme.charge({ token });
  const again = await acme.charge({ token, reference: json.reference }, randomUUID());
  expect(again).toMatchObject({ status: 409, json: { error: { code: "reference_taken" } } });
});

test("a call without a key is 400 and charges nothing", async () => {
  const token = await acme.token("4242424242424242");
  const before = (await acme.list()).length;
  const body = { reference: "keyless", token, amount: "1", currency: "USD", statement: "X" };
  const answer = await acme.call("POST", "/v1/charges", { body });
  expect(answer).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
  expect(await acme.list()).toHaveLength(before);
});
