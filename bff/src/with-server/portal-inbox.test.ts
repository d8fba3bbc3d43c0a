import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { Inbox, InboxDone, type Role } from "@clarity/server/contract";
import { connect, type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../portal/cookie.ts";
import { codeOf } from "../testing/code-of.ts";
import { type Person, person } from "../testing/person.ts";
import { createRig, type Rig } from "../testing/rig.ts";

/** What waits for a person, through edge and server over real PostgreSQL: two tenants with the same things waiting. */
type Sql = ReturnType<typeof connect>;
let line: TestServer;
let rig: Rig;
let acme: Seat;
let globex: Seat;

interface Seat {
  sql: Sql;
  tenant: TestTenant;
  people: Map<Role, Person>;
}

beforeAll(async () => {
  const key = createSecretKey(randomBytes(32));
  line = await testServer({ edgeKey: { alg: "HS256", key } });
  const limits = { session: 1e9, address: 1e9 };
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key }, limits });
  acme = await seat("acme");
  globex = await seat("globex");
});
afterAll(async () => {
  await Promise.all([acme.sql.end(), globex.sql.end()]);
  await rig.close();
  await line.close();
});

async function seat(slug: string): Promise<Seat> {
  const tenant = await line.createTenant(slug);
  const url = new URL(line.platform.address.adminUrl);
  url.pathname = `/${tenant.open.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  const people = new Map<Role, Person>();
  for (const role of ["owner", "finance", "viewer"] as const) {
    const cookie = randomBytes(32).toString("base64url");
    const digest = Buffer.from(digestOf(cookie), "base64url");
    await sql`
      with person as (
        insert into pay.users (tenant_id, email, name, role, joined_at)
        values (${tenant.open.tenant.id}, ${`${role}@${slug}.test`}, ${`Kim ${role}`}, ${role}, now()) returning tenant_id, id
      )
      insert into pay.portal_sessions (tenant_id, id, user_id, digest, device, expires_at)
      select tenant_id, gen_random_uuid(), id, ${digest}, '', now() + interval '1 hour' from person`;
    people.set(role, person(rig, `${slug}.localhost`, cookie));
  }
  return { sql, tenant, people };
}

type Kind = "conflict" | "unknown" | "account_gone" | "erp_post" | "receipt_email";
type Waiting = Readonly<Record<Kind, string>>;
let own: Waiting;
let foreign: Waiting;

beforeEach(async () => {
  own = await fill(acme);
  foreign = await fill(globex);
});

/** One of each that waits; ids of the payment or of the delivery. */
async function fill({ sql, tenant }: Seat): Promise<Waiting> {
  const t = tenant.open.tenant.id;
  await sql`delete from pay.outbox`;
  await sql`delete from pay.attempts`;
  await sql`delete from pay.payments`;
  await sql`delete from pay.record_faults`;
  await sql`insert into pay.customers (tenant_id, id, name, synced_at) values (${t}, 'C-9', 'Northgate', now()) on conflict do nothing`;
  await sql`insert into pay.record_faults (tenant_id, customer_id, kind, record, why) values (${t}, 'C-9', 'email', 'ap at x', 'it is no e-mail address')`;
  const payment = async (state: string, cause: string | null, provider = "fake") => {
    const id = randomUUID();
    const conflict = state === "conflicted" ? taken : null;
    await sql`
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
        total_minor, lines, created_at, conflict)
      values (${t}, ${id}, 'C-9', '\\x00', ${state}, 'USD', 500, 0, 500, '[]', now() - interval '1 hour',
        ${conflict === null ? null : JSON.stringify(conflict)}::text::jsonb)`;
    await sql`
      insert into pay.attempts (tenant_id, id, payment_id, provider, token, statement, state, leased_until, next_check_at, last_cause)
      values (${t}, ${randomUUID()}, ${id}, ${provider}, 'tok', 'ACME', ${state}, now() - interval '1 hour', now() + interval '1 hour', ${cause})`;
    return id;
  };
  const letter = async (kind: string) => {
    const id = randomUUID();
    const of = await payment("captured", null);
    await sql`
      insert into pay.outbox (tenant_id, id, kind, payment_id, state, tries, last_cause)
      values (${t}, ${id}, ${kind}, ${of}, 'dead', 12, 'invoice 7 is not open')`;
    return id;
  };
  return {
    conflict: await payment("conflicted", null),
    unknown: await payment("pending", "no answer in time"),
    account_gone: await payment("pending", "made with gone-pay, the tenant now uses fake", "gone-pay"),
    erp_post: await letter("erp_post"),
    receipt_email: await letter("receipt_email"),
  };
}
const taken = { outcome: "captured", amountMinor: "700", currency: "USD", held: false };

const as = (role: Role, seat = acme): Person => seat.people.get(role) ?? expect.fail(role);
const inbox = async (by: Person) => Inbox.parse(await (await by.call("/portal/v1/inbox")).json()).items;

interface Verb {
  of: Kind;
  path: (id: string) => string;
  body: Record<string, unknown>;
  does: Partial<InboxDone>;
  /** `null`: nothing is left to ask for. */
  twice: Partial<InboxDone> | "not_done";
  action: string;
}
const reason = "the customer rang";
const verbs: Readonly<Record<string, Verb>> = {
  close: {
    of: "account_gone",
    path: (id) => `payments/${id}/close`,
    body: { reason },
    does: { done: "closed", state: "failed" },
    twice: { done: "already" },
    action: "payment.closed_by_hand",
  },
  decide: {
    of: "conflict",
    path: (id) => `payments/${id}/decide`,
    body: { reason, decision: "unpaid", givenBack: true },
    does: { done: "decided", state: "failed" },
    twice: { done: "already" },
    action: "payment.decided",
  },
  replay: {
    of: "erp_post",
    path: (id) => `deliveries/${id}/replay`,
    body: { reason },
    does: { done: "replayed" },
    twice: "not_done",
    action: "outbox.replayed",
  },
  "finish a booking": {
    of: "erp_post",
    path: (id) => `deliveries/${id}/finish`,
    body: { reason, erpRef: "JE-7" },
    does: { done: "finished" },
    twice: { done: "already" },
    action: "payment.posted",
  },
  "finish a receipt": {
    of: "receipt_email",
    path: (id) => `deliveries/${id}/finish`,
    body: { reason },
    does: { done: "finished" },
    twice: { done: "already" },
    action: "receipt.by_hand",
  },
};
const all = Object.entries(verbs).map(([name, verb]) => ({ name, ...verb }));

const send = (by: Person, path: string, body: object) =>
  by.call(`/portal/v1/inbox/${path}`, { method: "POST", body: JSON.stringify(body) });

test("the inbox has one of each, with cause, customer, amount and the verbs that end it, for who may only look too", async () => {
  const items = await inbox(as("viewer"));
  expect(new Set(items.map(({ kind, verbs }) => `${kind}: ${verbs}`))).toEqual(
    new Set([
      "conflict: decide",
      "unknown: resolve",
      "account_gone: close,resolve",
      "erp_post: replay,finish",
      "receipt_email: replay,finish",
      "email: ",
    ]),
  );
  expect(items.find(({ kind }) => kind === "conflict")).toMatchObject({
    customer: { id: "C-9", name: "Northgate" },
    payment: { id: own.conflict, currency: "USD", totalMinor: "500" },
    taken: { currency: "USD", amountMinor: "700" },
  });
  expect(items.find(({ kind }) => kind === "erp_post")).toMatchObject({
    ...{ cause: "invoice 7 is not open", deliveryId: own.erp_post },
  });
  expect(JSON.stringify(items)).not.toContain(foreign.conflict);
});

describe.each(all)("$name", ({ of, path, body, does, twice, action }) => {
  test("ends it, in the person's name with their reason, and is gone from the inbox; twice is told", async () => {
    const by = as("finance");
    const answer = await send(by, path(own[of]), body);
    expect(answer.status, await answer.clone().text()).toBe(200);
    expect(InboxDone.parse(await answer.json())).toMatchObject(does);
    const [logged] =
      await acme.sql`select actor, detail from pay.audit_log where action = ${action} order by id desc limit 1`;
    const [finance] = await acme.sql`select id from pay.users where email = 'finance@acme.test'`;
    expect(logged).toMatchObject({ actor: `user:${finance?.id}`, detail: { reason } });
    const left = (await inbox(by)).map(({ payment, deliveryId }) => deliveryId ?? payment?.id);
    expect(left).not.toContain(own[of]);
    expect(left).toHaveLength(5);
    const again = await send(by, path(own[of]), body);
    if (twice === "not_done") expect(await codeOf(again)).toBe("not_done");
    else expect(InboxDone.parse(await again.json())).toMatchObject(twice);
  });

  test("is refused to who may only look, without a reason, and of nobody's or another tenant's: the same 404", async () => {
    const before = await inbox(as("viewer"));
    expect(await codeOf(await send(as("viewer"), path(own[of]), body))).toBe("scope_missing");
    const { reason: _, ...unreasoned } = body;
    for (const without of [unreasoned, { ...body, reason: " \n" }]) {
      const answer = await send(as("owner"), path(own[of]), without);
      const problem = (await answer.json()) as { code: string; errors: { pointer: string }[] };
      expect(problem).toMatchObject({ code: "validation_failed", errors: [{ pointer: "/reason" }] });
    }
    const answers = await Promise.all(
      [foreign[of], randomUUID()].map(async (id) => (await send(as("owner"), path(id), body)).json()),
    );
    const [theirs, nobodys] = answers.map((answer) => ({ ...(answer as object), requestId: "" }));
    expect(theirs).toMatchObject({ code: "not_found" });
    expect(theirs).toEqual(nobodys);
    expect(await inbox(as("viewer"))).toEqual(before);
  });
});

test("what a verb does not do it says in words, and does nothing", async () => {
  const by = as("owner");
  const cases = [
    [`payments/${own.unknown}/decide`, { reason, decision: "paid" }, "only a payment in conflict is decided"],
    [`payments/${own.conflict}/close`, { reason }, "it waits to be decided"],
    [`payments/${own.conflict}/resolve`, { reason }, "it waits to be decided"],
    [`payments/${own.unknown}/close`, { reason }, "resolve it"],
  ] as const;
  for (const [path, body, words] of cases) {
    const problem = await (await send(by, path, body)).json();
    expect(problem).toMatchObject({ code: "not_done", detail: expect.stringContaining(words) });
  }
  expect(await inbox(by)).toHaveLength(6);
});

test("a payment that was booked by hand needs the ERP's reference", async () => {
  const answer = await send(as("owner"), `deliveries/${own.erp_post}/finish`, { reason });
  expect(await answer.json()).toMatchObject({
    code: "validation_failed",
    errors: [{ pointer: "/erpRef" }],
  });
});

test("the provider is asked at once, and what it does not know stays", async () => {
  const answer = await send(as("finance"), `payments/${own.unknown}/resolve`, { reason });
  expect(InboxDone.parse(await answer.json())).toMatchObject({ done: "asked" });
});

test("a decision may give money back: it asks for a second proof", async () => {
  await acme.sql`update pay.portal_sessions set proved_at = now() - interval '11 minutes'`;
  const body = { reason, decision: "unpaid", givenBack: true };
  expect(await codeOf(await send(as("owner"), `payments/${own.conflict}/decide`, body))).toBe(
    "step_up_needed",
  );
  await acme.sql`update pay.portal_sessions set proved_at = now()`;
});
