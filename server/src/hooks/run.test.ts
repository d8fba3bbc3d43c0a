import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { Context } from "../context/context.ts";
import { HookRefusal, type Hooks, type PipelineContext } from "./pipeline.ts";
import { beforeStep, HookFailure, hookTimeoutMs, runStep } from "./run.ts";

const about = { paymentId: "p", customerId: "c", currency: "USD", lines: [] } as unknown as PipelineContext;

function withHooks(hooks: Hooks) {
  const logged: string[] = [];
  const log = pino({}, { write: (line) => logged.push(line) });
  return { ctx: { hooks, log } as unknown as Context, logged };
}

const receipt = { to: "a@b.test", subject: "Receipt", extraLines: [] };
const send = (ctx: Context, sent: unknown[] = []) =>
  runStep({
    ctx,
    step: "SendReceipt",
    about,
    input: receipt,
    run: async (input) => {
      sent.push(input);
      return { messageId: "m-1" };
    },
  });
const price = (ctx: Context) =>
  runStep({
    ctx,
    step: "CalculateSurcharge",
    about,
    input: { amountMinor: 100n, card: { brand: "visa", funding: "credit" }, rules: [] },
    run: async ({ amountMinor }) => ({ surchargeMinor: amountMinor / 10n }),
  });

test("before replaces the input, after sees the output", async () => {
  const seen: unknown[] = [];
  const { ctx } = withHooks({
    SendReceipt: {
      before: (_, input) => ({ ...input, subject: "Thanks" }),
      after: async (context, output) => {
        seen.push(context.paymentId, output.messageId);
        return { messageId: "changed" };
      },
    },
  });
  const sent: unknown[] = [];
  expect(await send(ctx, sent)).toEqual({ messageId: "m-1" });
  expect(sent).toEqual([{ ...receipt, subject: "Thanks" }]);
  expect(seen).toEqual(["p", "m-1"]);
});

test("a hook that writes into what it is given changes its own copy alone", async () => {
  const lines = [{ invoiceId: "i", invoiceNumber: "N-1", amountMinor: 100n }];
  const rules = [{ brand: "any", funding: "credit", basisPoints: 100 }] as const;
  const { ctx } = withHooks({
    CalculateSurcharge: {
      before: (context, input) => {
        for (const line of context.lines) line.amountMinor = 1n;
        (input.rules as unknown[]).length = 0;
        return input;
      },
    },
  });
  await runStep({
    ctx,
    step: "CalculateSurcharge",
    about: { ...about, lines },
    input: { amountMinor: 100n, card: { brand: "visa", funding: "credit" }, rules },
    run: async () => ({ surchargeMinor: 0n }),
  });
  expect(lines).toEqual([{ invoiceId: "i", invoiceNumber: "N-1", amountMinor: 100n }]);
  expect(rules).toHaveLength(1);
});

test.each<[string, unknown]>([
  ["no object", 7],
  ["no receiver", { ...receipt, to: undefined }],
  ["a subject that is no text", { ...receipt, subject: {} }],
  ["lines that are no list", { ...receipt, extraLines: "PO 4711" }],
  ["a line that is none", { ...receipt, extraLines: [null] }],
  ["a line of objects", { ...receipt, extraLines: [{ label: {}, value: 1n }] }],
])("a SendReceipt hook that answers %s is passed over: the mail goes as it was", async (_, answer) => {
  const { ctx, logged } = withHooks({ SendReceipt: { before: () => answer as never } });
  const sent: unknown[] = [];
  await send(ctx, sent);
  expect(sent).toEqual([receipt]);
  expect(logged.join()).toContain("a hook failed");
});

test.each<[string, unknown]>([
  ["no object", true],
  ["no payment", {}],
  ["a memo that is no text", { payment: { memo: 4711 } }],
])("a SyncPayment hook that answers %s is passed over: the ERP is told as it was", async (_, answer) => {
  const { ctx, logged } = withHooks({ SyncPayment: { before: () => answer as never } });
  const payment = { externalId: "pay_1", memo: "Card payment" } as never;
  const seen = await beforeStep({ ctx, step: "SyncPayment", about, input: { payment } });
  expect(seen).toEqual({ payment });
  expect(logged.join()).toContain("a hook failed");
});

test("a hook that forgets to return leaves things as they were", async () => {
  const { ctx } = withHooks({
    CalculateSurcharge: { before: (() => {}) as never, after: (() => {}) as never },
  });
  expect(await price(ctx)).toEqual({ surchargeMinor: 10n });
});

describe("before money moves", () => {
  test("a refusal passes through as it is", async () => {
    const { ctx } = withHooks({
      CalculateSurcharge: {
        before: () => {
          throw new HookRefusal("no");
        },
      },
    });
    await expect(price(ctx)).rejects.toThrow(HookRefusal);
  });

  test.each([
    ["throws", () => JSON.parse("x")],
    ["rejects", () => Promise.reject(new Error("x"))],
    ["never ends", () => new Promise<never>(() => {})],
    ["answers a surcharge below nothing", () => ({ surchargeMinor: -1n })],
    ["answers a number", () => ({ surchargeMinor: 1.5 as never })],
  ])("a hook that %s is a failure", async (_, after) => {
    const { ctx } = withHooks({ CalculateSurcharge: { after } });
    const started = Date.now();
    await expect(price(ctx)).rejects.toThrow(HookFailure);
    expect(Date.now() - started).toBeLessThan(hookTimeoutMs + 500);
  });
});

describe("once money has moved", () => {
  test.each([
    ["throws", () => JSON.parse("x")],
    ["refuses", () => Promise.reject(new HookRefusal("x"))],
    ["never ends", () => new Promise<never>(() => {})],
  ])("a hook that %s is logged and passed over", async (_, hook) => {
    const { ctx, logged } = withHooks({ SendReceipt: { before: hook, after: hook } });
    const sent: unknown[] = [];
    expect(await send(ctx, sent)).toEqual({ messageId: "m-1" });
    expect(sent).toEqual([receipt]);
    expect(logged).toHaveLength(2);
  });
});
