import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withErp } from "../../outbox/testing/erp.ts";
import { createWorld } from "../testing/world.ts";
import { finishDelivery } from "./finish-delivery.ts";
import { listInbox } from "./list-inbox.ts";
import { replayDelivery } from "./replay-delivery.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const reason = "booked it myself";

/** A captured payment of 100, both of whose deliveries were given up. */
async function givenUp() {
  const made = withErp(world.tenant());
  const { captured, ctx, tenant } = made;
  const { outboxId, paymentId, invoices } = await captured(100n);
  const receiptId = randomUUID();
  await world.admin`delete from pay.outbox where tenant_id = ${tenant.id} and kind = 'receipt_email'`;
  await world.admin`insert into pay.outbox (tenant_id, id, kind, payment_id)
    values (${tenant.id}, ${receiptId}, 'receipt_email', ${paymentId})`;
  await world.admin`update pay.outbox set state = 'dead', last_cause = 'no' where tenant_id = ${tenant.id}`;
  const invoice = invoices[0] ?? "";
  return {
    ...{ ...made, outboxId, receiptId, paymentId },
    balance: () => tenant.balance(invoice),
    finish: (id: string, erpRef: string | null, why = reason) =>
      finishDelivery({ ctx, input: { id, erpRef, reason: why } }),
    replay: (id: string, why = reason) => replayDelivery({ ctx, input: { id, reason: why } }),
    async last() {
      const rows = await world.admin`
        select action, detail from pay.audit_log where tenant_id = ${tenant.id} order by id`;
      return rows.at(-1);
    },
  };
}

test("what a person has booked moves its invoices once, as the ERP's yes does, and is never posted", async () => {
  const { outboxId, finish, replay, balance, row, last, erp, paymentId } = await givenUp();
  expect(await balance()).toEqual([100n, 0n, 100n]);
  const both = await Promise.all([finish(outboxId, "JE-7"), finish(outboxId, "JE-7")]);
  expect(both.filter(({ kind }) => kind === "finished")).toEqual([{ kind: "finished", paymentId }]);
  expect(await balance()).toEqual([0n, 0n, 0n]);
  expect(await row(outboxId)).toMatchObject({ state: "done", result: { erpRef: "JE-7", byHand: true } });
  expect(await last()).toMatchObject({ action: "payment.posted", detail: { erpRef: "JE-7", reason } });
  expect(await finish(outboxId, "JE-7")).toEqual({ kind: "already", paymentId });
  expect(await replay(outboxId)).toMatchObject({ because: "does_not_apply" });
  expect(erp.payments).toEqual([]);
  expect(await balance()).toEqual([0n, 0n, 0n]);
});

test("a receipt that a person has sent is sent by nobody any more, and moves no money", async () => {
  const { receiptId, finish, balance, row, last } = await givenUp();
  expect(await finish(receiptId, "JE-7")).toMatchObject({ because: "does_not_apply" });
  expect(await finish(receiptId, null)).toMatchObject({ kind: "finished" });
  expect(await row(receiptId)).toMatchObject({ state: "done", result: { status: "by_hand" } });
  expect(await last()).toMatchObject({ action: "receipt.by_hand", detail: { reason } });
  expect(await balance()).toEqual([100n, 0n, 100n]);
});

test("started again it is due with the reason in the log, and can be neither started nor finished twice", async () => {
  const { outboxId, replay, finish, row, last } = await givenUp();
  expect(await replay(outboxId)).toEqual({ kind: "replayed" });
  expect(await row(outboxId)).toMatchObject({ state: "due", tries: 0 });
  expect(await last()).toMatchObject({ action: "outbox.replayed", detail: { outbox: outboxId, reason } });
  expect(await replay(outboxId)).toMatchObject({ because: "does_not_apply" });
  expect(await finish(outboxId, "JE-7")).toMatchObject({ because: "does_not_apply" });
});

test("without a reason, a reference, or of nobody's or another tenant's nothing is done", async () => {
  const { outboxId, replay, finish, row } = await givenUp();
  const other = await givenUp();
  for (const because of [finish(outboxId, "JE-7", " "), replay(outboxId, "\n")]) {
    expect(await because).toMatchObject({ because: "reason_missing" });
  }
  expect(await finish(outboxId, " ")).toMatchObject({ because: "reference_missing" });
  for (const id of [randomUUID(), other.outboxId, other.receiptId, "R-1001", ""]) {
    expect(await replay(id)).toMatchObject({ because: "not_found" });
    expect(await finish(id, "JE-7")).toMatchObject({ because: "not_found" });
  }
  for (const one of [await row(outboxId), await other.row(other.outboxId)]) expect(one.state).toBe("dead");
});

test("the inbox has a tenant's own deliveries, with cause, amount and verbs, until a person has ended them", async () => {
  const { ctx, outboxId, receiptId, paymentId, finish, replay } = await givenUp();
  await givenUp();
  const items = await listInbox({ ctx });
  expect(items.map(({ kind }) => kind).sort()).toEqual(["erp_post", "receipt_email"]);
  expect(items.find(({ deliveryId }) => deliveryId === outboxId)).toMatchObject({
    ...{ kind: "erp_post", cause: "no", verbs: ["replay", "finish"] },
    payment: { id: paymentId, state: "captured", currency: "USD", totalMinor: "100" },
  });
  await finish(outboxId, "JE-7");
  await replay(receiptId);
  expect(await listInbox({ ctx })).toEqual([]);
});
