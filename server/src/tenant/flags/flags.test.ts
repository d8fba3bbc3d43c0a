import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../../http/testing/test-server.ts";
import { readPayment } from "../../payments/read-payment.ts";
import { startPayment } from "../../payments/start-payment.ts";
import { findEmbedKey } from "../../sessions/embed-keys.ts";
import { createJwks } from "../../sessions/jwks.ts";
import { openSession } from "../../sessions/open-session.ts";
import { TenantUnavailable } from "../errors.ts";
import type { TenantDb } from "../tenant-db.ts";
import { type FlagDefinition, flagDefinitions } from "./definitions.ts";
import { createFlags } from "./flags.ts";
import { overdueFlags } from "./overdue-flags.ts";
import { createFlagOverrides } from "./overrides.ts";

let line: TestServer;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
  acme = await line.createTenant("acme");
  globex = await line.createTenant("globex");
});
afterAll(() => line.close());

const log = pino({ level: "silent" });

/** The tenant's flags as another process sees them: nothing remembered. */
function fresh({ open }: TestTenant, { db = open.db, now = () => new Date() } = {}) {
  const flagsOf = createFlags({ log, now });
  return flagsOf(
    { tenant: open.tenant, flags: createFlagOverrides({ db, actor: { kind: "operator", name: "test" } }) },
    null,
  );
}

/** Reads, then is taken away. */
function failingAfter(reads: number, db: TenantDb): TenantDb {
  let left = reads;
  const query = ((...args: Parameters<TenantDb["query"]>) =>
    left-- > 0 ? db.query(...args) : Promise.reject(new TenantUnavailable("away"))) as TenantDb["query"];
  return { ...db, query };
}

describe("evaluation", () => {
  test("the default counts, until a tenant has a value of its own; another tenant's is not seen", async () => {
    expect(await fresh(acme).details("payments-paused")).toMatchObject({
      value: false,
      reason: "DEFAULT",
      variant: "default",
      flagMetadata: { owner: "payments", kind: "ops" },
    });
    await acme.open.flags.set("payments-paused", true);
    expect(await fresh(acme).details("payments-paused")).toMatchObject({
      value: true,
      reason: "TARGETING_MATCH",
      variant: "override",
    });
    await expect(fresh(globex).get("payments-paused")).resolves.toBe(false);
    await expect(acme.open.flags.unset("payments-paused")).resolves.toBe(true);
    await expect(acme.open.flags.unset("payments-paused")).resolves.toBe(false);
    await expect(fresh(acme).get("payments-paused")).resolves.toBe(false);
  });

  test("an override past its end counts no longer", async () => {
    const end = new Date(Date.now() + 3_600_000);
    await acme.open.flags.set("payments-paused", true, { expiresAt: end });
    const at = (offsetMs: number) => fresh(acme, { now: () => new Date(end.getTime() + offsetMs) });
    await expect(at(-1).get("payments-paused")).resolves.toBe(true);
    expect(await at(0).details("payments-paused")).toMatchObject({ value: false, reason: "DEFAULT" });
    await acme.open.flags.unset("payments-paused");
  });

  test("a database that cannot be asked: what was read last, marked STALE; nothing read yet: the default", async () => {
    await acme.open.flags.set("partial-payments", false);
    const overrides = createFlagOverrides({
      db: failingAfter(1, acme.open.db),
      actor: { kind: "operator", name: "test" },
    });
    const flags = createFlags({ log, now: () => new Date() })(
      { tenant: acme.open.tenant, flags: overrides },
      null,
    );
    expect(await flags.details("partial-payments")).toMatchObject({
      value: false,
      reason: "TARGETING_MATCH",
    });
    const stale = async () => (await flags.details("partial-payments")).reason === "STALE";
    await expect.poll(stale, { timeout: 5_000 }).toBe(true);
    await expect(flags.get("partial-payments")).resolves.toBe(false);

    const blind = fresh(acme, { db: failingAfter(0, acme.open.db) });
    expect(await blind.details("partial-payments")).toMatchObject({
      value: true,
      reason: "ERROR",
      errorCode: "GENERAL",
    });
    await acme.open.flags.unset("partial-payments");
  });

  test("a stored value of another type is an error, and the default counts", async () => {
    await acme.open.db.query`
      insert into pay.flag_overrides (tenant_id, key, value, set_by)
      values (${acme.open.tenant.id}, 'partial-payments', '"no"', 'test') returning tenant_id`;
    expect(await fresh(acme).details("partial-payments")).toMatchObject({
      value: true,
      reason: "ERROR",
      errorCode: "TYPE_MISMATCH",
    });
    await acme.open.flags.unset("partial-payments");
    await expect(acme.open.flags.set("partial-payments", "no" as never)).rejects.toThrow("is a boolean");
  });

  test("an unknown flag is FLAG_NOT_FOUND, and its override can still be taken away", async () => {
    expect(await fresh(acme).details("payments-paused")).not.toHaveProperty("errorCode");
    await acme.open.db.query`
      insert into pay.flag_overrides (tenant_id, key, value, set_by)
      values (${acme.open.tenant.id}, 'of-the-past', 'true', 'test') returning tenant_id`;
    expect(Object.keys(await fresh(acme).all())).toEqual(Object.keys(flagDefinitions));
    await expect(acme.open.flags.unset("of-the-past")).resolves.toBe(true);
  });

  test("one reading serves all flags for two seconds", async () => {
    let readings = 0;
    const query = ((...args: Parameters<TenantDb["query"]>) => {
      readings++;
      return acme.open.db.query(...args);
    }) as TenantDb["query"];
    const flags = fresh(acme, { db: { ...acme.open.db, query } });
    await Promise.all([flags.all(), flags.get("payments-paused"), flags.get("partial-payments")]);
    expect(readings).toBe(1);
  });
});

describe("the effect", () => {
  const session = async (tenant: TestTenant) => {
    const { open, ctx } = tenant;
    const findKey = (id: string) => findEmbedKey({ ...open, id });
    const embedToken = await tenant.token();
    const opened = await openSession({
      ctx,
      input: { embedToken, locales: ["en"], findKey, jwks: createJwks() },
    });
    return opened.kind === "opened" ? opened.view.flags : opened;
  };
  const pay = ({ ctx }: TestTenant, amountMinor: string, id = randomUUID()) =>
    startPayment({
      ctx,
      input: {
        request: {
          id,
          currency: "USD",
          lines: [{ invoiceId: "inv-globex-1", amountMinor }],
          method: { type: "card", token: "tok_debit" },
          shown: { surchargeMinor: "0", totalMinor: amountMinor },
        },
        customerId: "C-1",
        allowedInvoices: null,
        returnOrigin: null,
        locale: "en",
      },
    });

  test("every flag stands in the session answer", async () => {
    expect(await session(globex)).toEqual({ "payments-paused": false, "partial-payments": true });
    await globex.open.flags.set("partial-payments", false);
    expect(await session(globex)).toEqual({ "payments-paused": false, "partial-payments": false });
  });

  test("without partial payments a line pays all that is payable; a part is refused, and which line it was", async () => {
    await session(globex);
    expect(await pay(globex, "100")).toEqual({
      kind: "refused",
      code: "validation_failed",
      errors: [{ pointer: "/lines/0/amountMinor", message: expect.stringContaining("whole balance") }],
    });
    expect(await pay(globex, "12501")).toMatchObject({ code: "amount_exceeds_balance" });
    expect(globex.provider.charges.size).toBe(0);
    await globex.open.flags.unset("partial-payments");
    expect(await pay(globex, "100")).toMatchObject({ kind: "payment" });
    await globex.open.flags.set("partial-payments", false);
    expect(await pay(globex, "12400")).toMatchObject({ kind: "payment", payment: { state: "captured" } });
    await globex.open.flags.unset("partial-payments");
  });

  test("paused: new payments are refused and may be tried again, those begun before go on", async () => {
    const paused = await line.createTenant("paused");
    await session(paused);
    const id = randomUUID();
    const order = (tenant: TestTenant, paymentId = randomUUID()) =>
      startPayment({
        ctx: tenant.ctx,
        input: {
          request: {
            id: paymentId,
            currency: "USD",
            lines: [{ invoiceId: "inv-paused-1", amountMinor: "100" }],
            method: { type: "card", token: "tok_debit" },
            shown: { surchargeMinor: "0", totalMinor: "100" },
          },
          customerId: "C-1",
          allowedInvoices: null,
          returnOrigin: null,
          locale: "en",
        },
      });
    const begun = await order(paused, id);
    expect(begun).toMatchObject({ kind: "payment", created: true });
    await paused.open.flags.set("payments-paused", true, { reason: "ERP upgrade" });
    expect(await order(paused)).toEqual({ kind: "refused", code: "unavailable" });
    expect(await order(paused, id)).toMatchObject({ kind: "payment", created: false });
    const read = await readPayment({
      ctx: paused.ctx,
      input: { paymentId: id, customerId: "C-1", allowedInvoices: null },
    });
    expect(read).toMatchObject({ payment: { state: "captured" } });
    expect(paused.provider.charges.size).toBe(1);
    await paused.open.flags.unset("payments-paused");
    expect(await order(paused)).toMatchObject({ kind: "payment", created: true });
  });
});

describe("definitions", () => {
  test("each has a default, an owner, a description and a date", () => {
    for (const [key, flag] of Object.entries<FlagDefinition>(flagDefinitions)) {
      expect(key).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(flag.owner).not.toBe("");
      expect(flag.description).toMatch(/\.$/);
      expect(new Date(flag.expiresOn).toISOString().slice(0, 10)).toBe(flag.expiresOn);
    }
  });

  test("none is past its date: whoever owns one that is removes it, or says why it stays and moves the date", () => {
    expect(overdueFlags()).toEqual([]);
  });

  test("past its date a flag's owner is asked: to remove a release flag, to justify another kind", () => {
    const flag = { default: false, description: "Of a test.", owner: "cards", expiresOn: "2026-06-30" };
    const definitions: Record<string, FlagDefinition> = {
      old: { ...flag, kind: "release" },
      switch: { ...flag, kind: "ops" },
      later: { ...flag, kind: "ops", expiresOn: "2026-07-01" },
    };
    expect(overdueFlags({ today: "2026-06-29", definitions })).toEqual([]);
    expect(overdueFlags({ today: "2026-06-30", definitions })).toEqual([
      { key: "old", owner: "cards", expiresOn: "2026-06-30", advice: expect.stringContaining("remove it") },
      {
        key: "switch",
        owner: "cards",
        expiresOn: "2026-06-30",
        advice: expect.stringContaining("move its date"),
      },
    ]);
  });
});
