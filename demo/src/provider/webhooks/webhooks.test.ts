import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { type Receiver, startReceiver } from "../testing/receiver.ts";
import { type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let receiver: Receiver;
let acme: Merchant;
let token: string;

beforeAll(async () => {
  [sandbox, receiver] = await Promise.all([startSandbox(), startReceiver()]);
  acme = await sandbox.merchant("Acme", receiver.url);
  token = await acme.token("4242424242424242");
});
beforeEach(async () => {
  receiver.answerWith(204);
  await sandbox.setFault({ mode: "none" });
});
afterAll(async () => {
  await sandbox.close();
  await receiver.close();
});

const patience = { timeout: 10_000 };

test("every change of a charge is told, signed so that another implementation verifies it", async () => {
  const { json } = await acme.charge({ token });
  await acme.capture(json.reference, 1000n);
  await acme.refund(json.reference, 1000n);
  // In any order: webhooks promise none, and a retried one comes late.
  await expect
    .poll(() => statuses(json.reference).toSorted(), patience)
    .toEqual(["authorized", "captured", "refunded"]);
  for (const delivery of receiver.of(json.reference)) {
    const verifier = new Webhook(acme.account.webhookSecret);
    const event = verifier.verify(delivery.body, delivery.headers as Record<string, string>);
    expect(event).toEqual({
      type: "charge.updated",
      data: { reference: json.reference, status: delivery.status },
    });
    expect(() => verifier.verify(`${delivery.body} `, delivery.headers as Record<string, string>)).toThrow();
  }
});

test("another account's secret does not verify", async () => {
  const globex = await sandbox.merchant("Globex");
  const { json } = await acme.charge({ token });
  await expect.poll(() => receiver.of(json.reference), patience).toHaveLength(1);
  const [delivery] = receiver.of(json.reference);
  const verifier = new Webhook(globex.account.webhookSecret);
  expect(() => verifier.verify(delivery?.body ?? "", delivery?.headers as Record<string, string>)).toThrow();
});

test.each([500, 404, 302])(
  "a delivery answered %i is sent again under the same id until 2xx",
  async (status) => {
    receiver.answerWith(status);
    const { json } = await acme.charge({ token });
    await expect.poll(() => receiver.of(json.reference).length, patience).toBeGreaterThanOrEqual(2);
    receiver.answerWith(200);
    await expect.poll(() => stateOf(json.reference), patience).toBe("delivered");
    const ids = receiver.of(json.reference).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(1);
  },
);

test("duplicate_webhooks sends each twice under one id, as often as switched on", async () => {
  await sandbox.setFault({ mode: "duplicate_webhooks", remaining: 1 });
  const first = (await acme.charge({ token })).json.reference;
  const second = (await acme.charge({ token })).json.reference;
  await expect.poll(() => stateOf(first), patience).toBe("delivered");
  await expect.poll(() => stateOf(second), patience).toBe("delivered");
  expect(receiver.of(first)).toHaveLength(2);
  expect(new Set(receiver.of(first).map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(receiver.of(second)).toHaveLength(1);
});

test("drop_webhooks loses it for good; the charge stands and later ones are told", async () => {
  await sandbox.setFault({ mode: "drop_webhooks", remaining: 1 });
  const lost = (await acme.charge({ token })).json.reference;
  const told = (await acme.charge({ token })).json.reference;
  await expect.poll(() => stateOf(told), patience).toBe("delivered");
  expect(await stateOf(lost)).toBe("dropped");
  expect(receiver.of(lost)).toEqual([]);
  expect((await acme.find(lost)).json.status).toBe("authorized");
});

test("late_webhooks holds it back 15 s", async () => {
  await sandbox.setFault({ mode: "late_webhooks", remaining: 1 });
  const { json } = await acme.charge({ token });
  const [event] = await sandbox.sql`
    select extract(epoch from due_at - created_at)::float as seconds from events
    where body like ${`%${json.reference}%`}`;
  expect(event?.seconds).toBeCloseTo(15, 1);
  await sandbox.sql`update events set due_at = now() where body like ${`%${json.reference}%`}`;
  await expect.poll(() => statuses(json.reference), patience).toEqual(["authorized"]);
});

test("an account opened again keeps its keys and gets its webhooks at the new address", async () => {
  const other = await startReceiver();
  const again = await sandbox.merchant("Acme", other.url);
  expect(again.account).toEqual(acme.account);
  const { json } = await acme.charge({ token });
  await expect.poll(() => other.of(json.reference), patience).toHaveLength(1);
  await sandbox.merchant("Acme", receiver.url);
  await other.close();
});

const statuses = (reference: string) => receiver.of(reference).map(({ status }) => status);

async function stateOf(reference: string): Promise<string | undefined> {
  const [event] = await sandbox.sql`select state from events where body like ${`%${reference}%`}`;
  return event?.state;
}
