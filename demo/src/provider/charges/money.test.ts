import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let acme: Merchant;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme");
});
afterAll(() => sandbox.close());

const amount = fc.bigInt({ min: 1n, max: 10n ** 12n });

test("captures and refunds made in parallel never take or give back more than there is", async () => {
  const token = await acme.token("4242424242424242");
  const property = fc.asyncProperty(
    amount,
    fc.array(amount, { minLength: 1, maxLength: 6 }),
    fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }),
    async (authorized, captures, percents) => {
      const { json } = await acme.charge({ token, amount: String(authorized) });
      const captured = await Promise.all(captures.map((value) => acme.capture(json.reference, value)));
      const taken = captured.filter(({ status }) => status === 200);
      expect(taken).toHaveLength(captures.some((value) => value <= authorized) ? 1 : 0);
      const total = BigInt(taken[0]?.json.captured ?? 0);
      expect(total).toBeLessThanOrEqual(authorized);

      const refunds = percents.map((percent) => (total * BigInt(percent)) / 100n || 1n);
      const answers = await Promise.all(refunds.map((value) => acme.refund(json.reference, value)));
      const returned = answers
        .filter(({ status }) => status === 201)
        .reduce((sum, answer) => sum + BigInt(answer.json.amount), 0n);
      expect(returned).toBeLessThanOrEqual(total);

      const { json: after } = await acme.find(json.reference);
      expect(after).toMatchObject({ captured: String(total), refunded: String(returned) });
      const status = total === 0n ? "authorized" : returned === total ? "refunded" : "captured";
      expect(after.status).toBe(status);
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

test("a charge only reserves: nothing is captured until it is asked for, and then as much as asked", async () => {
  const { json } = await acme.charge({ token: await acme.token("4242424242424242"), amount: "125000" });
  expect(json).toMatchObject({ status: "authorized", captured: "0", capturedAt: null });
  const captured = await acme.capture(json.reference, 100_000n);
  expect(captured.json).toMatchObject({ status: "captured", captured: "100000", amount: "125000" });
  expect(captured.json.capturedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test("amounts of 15 digits stay exact, longer ones are refused", async () => {
  const token = await acme.token("4242424242424242");
  const large = await acme.charge({ token, amount: "999999999999999", currency: "JPY" });
  expect(large.json.amount).toBe("999999999999999");
  const larger = await acme.charge({ token, amount: "9999999999999999" });
  expect(larger).toMatchObject({ status: 400, json: { error: { code: "invalid_request" } } });
});

test.each([
  ["more than authorised", 1001n, 422, "amount_too_large"],
  ["twice", 1000n, 409, "not_authorized"],
])("capturing %s is refused and takes nothing more", async (name, value, status, code) => {
  const { json } = await acme.charge({ token: await acme.token("4242424242424242") });
  if (name === "twice") await acme.capture(json.reference, 600n);
  expect(await acme.capture(json.reference, value)).toMatchObject({ status, json: { error: { code } } });
  expect((await acme.find(json.reference)).json.captured).toBe(name === "twice" ? "600" : "0");
});

test("a declined charge cannot be captured, an uncaptured one not refunded", async () => {
  const declined = await acme.charge({ token: await acme.token("4000000000000002") });
  expect((await acme.capture(declined.json.reference, 1n)).json.error.code).toBe("not_authorized");
  const held = await acme.charge({ token: await acme.token("4242424242424242") });
  expect(await acme.refund(held.json.reference, 1n)).toMatchObject({
    status: 409,
    json: { error: { code: "not_captured" } },
  });
});

test("another currency is refused for capture and refund", async () => {
  const { json } = await acme.charge({ token: await acme.token("4242424242424242"), currency: "KWD" });
  expect((await acme.capture(json.reference, 1000n)).json.error.code).toBe("currency_mismatch");
});

test("another account's charge, refund target and token do not exist", async () => {
  const globex = await sandbox.merchant("Globex");
  const token = await acme.token("4242424242424242");
  const { json } = await acme.charge({ token });
  await acme.capture(json.reference, 1000n);
  const answers = await Promise.all([
    globex.find(json.reference),
    globex.capture(json.reference, 1000n),
    globex.refund(json.reference, 1000n),
    globex.call("GET", `/v1/tokens/${token}`, {}),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  const unknown = await globex.find("never-was");
  expect(answers[0]?.text).toBe(unknown.text);
  expect((await globex.charge({ token })).json.error.code).toBe("invalid_token");
  expect(await globex.list()).toEqual([]);
});
