import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { paymentRows } from "../operations/testing/lived-in-tenant.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const dataDir = temporaryFolders()();
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  acme = await platform.createTenant("acme");
});
afterAll(() => platform.close());

const clarity = (...args: string[]) => runCommandLine({ args: ["payment", ...args], dataDir });

/** Made with an account nobody has a key of any more. */
async function payment(state: "pending" | "conflicted"): Promise<string> {
  const id = await paymentRows(acme);
  await acme.db.query`
    with attempt as (update pay.attempts set state = ${state} where payment_id = ${id}::uuid)
    update pay.payments set state = ${state} where id = ${id}::uuid returning tenant_id`;
  await platform.rewrite(acme, "update pay.payments set created_at = now() - interval '2 min'");
  return id;
}

test("a payment in conflict, or open with its account gone: listed and shown with the verb that ends it, ended, listed no more", async () => {
  const [open, conflicted] = [await payment("pending"), await payment("conflicted")];
  const verbs = async () => {
    const { json } = await clarity("list", "acme", "--json");
    return Object.fromEntries(json().map((one: { id: string; verb: string }) => [one.id, one.verb]));
  };
  expect(await verbs()).toEqual({ [open]: "resolve", [conflicted]: "decide" });
  const asked = await clarity("resolve", "acme", open, "--reason", "the customer rang");
  expect(asked.stdout).toBe(`${open} still pending: made with sandbox, the tenant has no provider now`);
  expect(await verbs()).toEqual({ [open]: "close-attempt", [conflicted]: "decide" });
  expect((await clarity("list", "acme")).stdout).toContain("payment close-attempt");
  expect((await clarity("show", "acme", conflicted)).stdout).toContain(
    `a person ends it with: clarity payment decide acme ${conflicted}`,
  );

  const close = () => clarity("close-attempt", "acme", open, "--reason", "the account was closed in May");
  expect((await close()).stdout).toBe(`${open} was pending, is closed as failed`);
  expect(await close()).toMatchObject({ code: 0, stdout: `${open} was closed before` });
  const decide = (as: string, ...more: string[]) =>
    clarity("decide", "acme", conflicted, "--as", as, "--reason", "sent by transfer", ...more);
  expect((await decide("unpaid", "--given-back")).stdout).toBe(
    `${conflicted} was decided as unpaid: minor units booked 0, given back 0`,
  );
  expect(await decide("unpaid")).toMatchObject({
    code: 0,
    stdout: `${conflicted} was decided as unpaid before`,
  });
  expect(await decide("paid")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "failed: it was decided as unpaid",
  });
  expect(await verbs()).toEqual({});

  const entries = await acme.db.query`
    select tenant_id, actor, action, detail ->> 'reason' as reason from pay.audit_log
    where subject = any(${[open, conflicted]}::text[]) order by id`;
  const actor = `operator:${userInfo().username}`;
  expect(entries).toMatchObject([
    { actor, action: "payment.asked_by_hand", reason: "the customer rang" },
    { actor, action: "payment.closed_by_hand", reason: "the account was closed in May" },
    { actor, action: "payment.decided", reason: "sent by transfer" },
  ]);
});

test.each([
  ["no reason", ["close-attempt", "acme", randomUUID()], "--reason"],
  ["a blank reason", ["resolve", "acme", randomUUID(), "--reason", " "], "say why"],
  ["no decision", ["decide", "acme", randomUUID(), "--reason", "r"], "--as"],
  ["another decision", ["decide", "acme", randomUUID(), "--as", "perhaps", "--reason", "r"], "paid, unpaid"],
  ["no payment", ["resolve", "acme", "R-1001", "--reason", "r"], "there is no payment R-1001"],
])("with %s a verb does nothing and says so", async (_, args, words) => {
  const { code, stdout, stderr } = await clarity(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(words);
});
