import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { Me, Team } from "@clarity/server/contract";
import {
  connect,
  type TestMailbox,
  type TestServer,
  type TestTenant,
  testMailbox,
  testServer,
} from "@clarity/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { originOf, type Person, person, postFromPage, signIn } from "../testing/person.ts";
import { createRig, type Rig } from "../testing/rig.ts";

/** Edge, server and a mail server over real PostgreSQL: what people of a tenant's do to come in. */
let line: TestServer;
let rig: Rig;
let mailbox: TestMailbox;
let acme: TestTenant;
const host = "acme.localhost";
const owner = "admin@acme.test";

beforeAll(async () => {
  const key = createSecretKey(randomBytes(32));
  mailbox = await testMailbox();
  line = await testServer({ edgeKey: { alg: "HS256", key }, neutral: mailbox.neutral });
  acme = await line.createTenant("acme");
  await line.createTenant("globex");
  const limits = { login: 1e9, session: 1e9, address: 1e9 };
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key }, limits });
});
afterAll(async () => {
  await rig.close();
  await line.close();
  await mailbox.close();
});

const ask = (email: string, at = host) => postFromPage(rig, at, "/portal/v1/login", { email });
const finish = (proof: object, at = host) => postFromPage(rig, at, "/portal/v1/login/finish", proof);

async function mailed(email: string, at = host) {
  const before = mailbox.mails.length;
  expect((await ask(email, at)).status).toBe(202);
  const { mail, link, code } = await mailbox.next(email, before);
  return { mail, link: link ?? expect.fail("no link"), code: code ?? expect.fail("no code") };
}

/** What lets nobody be sent too many mails is another test's; here people come often. */
const rested = (at = acme) =>
  superuser(at, "update pay.login_challenges set created_at = created_at - interval '2 hours'");

async function superuser(at: TestTenant, statement: string) {
  const url = new URL(line.platform.address.adminUrl);
  url.pathname = `/${at.open.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  await sql.unsafe(statement);
  await sql.end();
}

async function enter(email: string, at = host): Promise<Person> {
  await rested();
  const { link } = await mailed(email, at);
  return signIn(rig, at, { link });
}

const auditOf = async (action: string) => {
  const rows = await acme.open.db.query<{ tenant_id: string; actor: string; subject: string }>`
    select tenant_id, actor, subject from pay.audit_log where action = ${action} order by id`;
  return rows.map(({ actor, subject }) => ({ actor, subject }));
};

test("a mailed link signs in once, and its cookie is this host's alone, out of scripts' and other sites' reach", async () => {
  const { mail, link } = await mailed(owner);
  expect(mail.from).toMatchObject({ name: "acme Ltd", address: "no-reply@mail.test" });
  expect(mail.text).toContain(`${originOf(host)}/portal#/login/${link}`);
  const answer = await finish({ link });
  expect(await answer.json()).toEqual({ expiresInS: 12 * 3600 });
  expect(answer.headers.get("set-cookie")).toMatch(
    /^__Host-session=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200$/,
  );
  expect(await codeOf(await finish({ link }))).toBe("login_failed");
});

test("a link that is opened twice at the same moment signs in one", async () => {
  await rested();
  const { link } = await mailed(owner);
  const answers = await Promise.all(Array.from({ length: 5 }, () => finish({ link })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
});

test("the code of the same mail works in another browser, typed with blanks, once", async () => {
  await rested();
  const { code } = await mailed(owner);
  const typed = `${code.slice(0, 3)} ${code.slice(3)}`;
  const somebody = await signIn(rig, host, { email: owner.toUpperCase(), code: typed });
  const me = Me.parse(await (await somebody.call("/portal/v1/me")).json());
  expect(me).toMatchObject({ user: { email: owner, role: "owner" }, seller: { name: "acme Ltd" } });
  expect(me.permissions).toContain("team.change");
  expect(await codeOf(await finish({ email: owner, code }))).toBe("login_failed");
});

test("whether somebody has an address is in no answer, and who has none is sent nothing", async () => {
  const [known, unknown] = [await ask(owner), await ask("nobody@acme.test")];
  const seen = async (answer: Response) => [answer.status, await answer.text()];
  expect(await seen(unknown)).toEqual(await seen(known));
  const wrong = async (email: string) => {
    const body = (await (await finish({ email, code: "000000" })).json()) as Record<string, unknown>;
    return { ...body, requestId: "" };
  };
  expect(await wrong("nobody@acme.test")).toEqual(await wrong(owner));
  await mailbox.next(owner);
  expect(mailbox.mails.some(({ to }) => to?.some(({ address }) => address === "nobody@acme.test"))).toBe(
    false,
  );
});

test("after five wrong codes the right one is no good any more, and the link still is", async () => {
  await rested();
  const { code, link } = await mailed(owner);
  const wrong = code === "123456" ? "654321" : "123456";
  await Promise.all(Array.from({ length: 20 }, () => finish({ email: owner, code: wrong })));
  expect(await codeOf(await finish({ email: owner, code }))).toBe("login_failed");
  expect((await auditOf("login.wrong_code")).length).toBeLessThanOrEqual(6);
  expect((await finish({ link })).status).toBe(200);
});

test("a person is sent ten mails in a quarter of an hour, and the answer to the eleventh is the same", async () => {
  await rested();
  const before = mailbox.mails.length;
  for (let n = 0; n < 13; n++) expect((await ask(owner)).status).toBe(202);
  await mailbox.next(owner, before + 9);
  expect(mailbox.mails.length - before).toBe(10);
});

test("a mail that has expired lets nobody in", async () => {
  await rested();
  const { link, code } = await mailed(owner);
  await superuser(acme, "update pay.login_challenges set expires_at = now() - interval '1 second'");
  expect(await codeOf(await finish({ link }))).toBe("login_failed");
  expect(await codeOf(await finish({ email: owner, code }))).toBe("login_failed");
});

test("a session of one tenant is nothing on another's host, and an unknown cookie nothing anywhere", async () => {
  const somebody = await enter(owner);
  expect((await somebody.call("/portal/v1/me")).status).toBe(200);
  expect(await codeOf(await somebody.call("/portal/v1/me", { host: "globex.localhost" }))).toBe(
    "token_invalid",
  );
  const stranger = person(rig, host, "x".repeat(43));
  expect(await codeOf(await stranger.call("/portal/v1/me"))).toBe("token_invalid");
  expect(await codeOf(await rig.call(host, "/portal/v1/me"))).toBe("token_missing");
});

describe("what ends a session", () => {
  const read = async (somebody: Person) => (await somebody.call("/portal/v1/me")).status;
  const post = (somebody: Person, everywhere: boolean) =>
    somebody.call("/portal/v1/logout", { method: "POST", body: JSON.stringify({ everywhere }) });

  test("signing out ends this one, everywhere all of the person's", async () => {
    const [one, two, three] = [await enter(owner), await enter(owner), await enter(owner)];
    const out = await post(one, false);
    expect(out.headers.get("set-cookie")).toMatch(/^__Host-session=; .*Max-Age=0$/);
    expect([await read(one), await read(two)]).toEqual([401, 200]);
    await post(two, true);
    expect([await read(two), await read(three)]).toEqual([401, 401]);
  });

  test.each([
    ["an hour without a request", "seen_at = now() - interval '61 minutes'"],
    ["its absolute end", "expires_at = now()"],
  ])("%s", async (_, change) => {
    const somebody = await enter(owner);
    await superuser(acme, `update pay.portal_sessions set ${change} where ended_at is null`);
    expect(await read(somebody)).toBe(401);
  });
});

/** A change by somebody who may, less than what a page of the portal's sends. */
test.each([
  ["from another origin", { origin: "https://evil.example" }],
  ["from another tenant's page", { origin: originOf("globex.localhost") }],
  ["from a page without origin", { origin: "null" }],
  ["without an origin", { origin: "none" }],
  ["without the page's token", { "x-csrf-token": "none" }],
  ["with another token", { "x-csrf-token": "a".repeat(43) }],
])("a change %s is refused, and nothing is done", async (_, headers) => {
  const somebody = await enter(owner);
  const body = JSON.stringify({ everywhere: true });
  const answer = await somebody.call("/portal/v1/logout", { method: "POST", headers, body });
  expect(await codeOf(answer)).toBe("scope_missing");
  expect((await somebody.call("/portal/v1/me")).status).toBe(200);
});

test("nobody is signed in from a page that is not the tenant's own", async () => {
  await rested();
  const { link } = await mailed(owner);
  for (const origin of ["https://evil.example", originOf("globex.localhost"), undefined]) {
    const answer = await rig.call(host, "/portal/v1/login/finish", {
      method: "POST",
      headers: { "content-type": "application/json", ...(origin && { origin }) },
      body: JSON.stringify({ link }),
    });
    expect(await codeOf(answer)).toBe("scope_missing");
  }
  expect((await finish({ link })).status).toBe(200);
});

describe("the team", () => {
  const invite = (by: Person, email: string, role: string) =>
    by.call("/portal/v1/team", { method: "POST", body: JSON.stringify({ email, name: "Kim", role }) });
  const change = (by: Person, id: string, role: string) =>
    by.call(`/portal/v1/team/${id}`, { method: "PUT", body: JSON.stringify({ role }) });
  const remove = (by: Person, id: string) => by.call(`/portal/v1/team/${id}`, { method: "DELETE" });
  const team = async (by: Person) => Team.parse(await (await by.call("/portal/v1/team")).json()).members;
  const idOf = async (by: Person, email: string) =>
    (await team(by)).find((one) => one.email === email)?.id ?? expect.fail(email);

  test("an invited person is in with the mail's link, as what they were invited to be", async () => {
    const boss = await enter(owner);
    const before = mailbox.mails.length;
    expect((await invite(boss, "kim@acme.test", "finance")).status).toBe(201);
    const { link } = await mailbox.next("kim@acme.test", before);
    const kim = await signIn(rig, host, { link });
    expect(await (await kim.call("/portal/v1/me")).json()).toMatchObject({
      user: { name: "Kim", role: "finance" },
    });
    expect(await codeOf(await invite(boss, "KIM@acme.test", "viewer"))).toBe("already_there");
    const [{ actor = "" } = {}] = (await auditOf("team.invite")).slice(-1);
    expect(actor).toBe(`user:${await idOf(boss, owner)}`);
  });

  test("whoever is removed is out at once, and may be invited again", async () => {
    const boss = await enter(owner);
    const kim = await enter("kim@acme.test");
    expect((await remove(boss, await idOf(boss, "kim@acme.test"))).status).toBe(200);
    expect((await kim.call("/portal/v1/me")).status).toBe(401);
    expect((await invite(boss, "kim@acme.test", "admin")).status).toBe(201);
  });

  test("the last owner stays, also where two owners remove each other at the same moment", async () => {
    const boss = await enter(owner);
    const own = await idOf(boss, owner);
    expect(await codeOf(await remove(boss, own))).toBe("last_owner");
    expect(await codeOf(await change(boss, own, "admin"))).toBe("last_owner");
    await invite(boss, "second@acme.test", "owner");
    const second = await enter("second@acme.test");
    const other = await idOf(boss, "second@acme.test");
    const done = await Promise.all([remove(boss, other), remove(second, own)]);
    const owners = await acme.open.db.query<{ tenant_id: string; email: string }>`
      select tenant_id, email from pay.users where role = 'owner' and removed_at is null`;
    expect(owners).toHaveLength(1);
    expect(done.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    await superuser(acme, `update pay.users set removed_at = null where email = '${owner}'`);
  });

  test("an admin makes and unmakes no owner", async () => {
    const boss = await enter(owner);
    await invite(boss, "adam@acme.test", "admin");
    const adam = await enter("adam@acme.test");
    const own = await idOf(adam, owner);
    for (const answer of [
      await invite(adam, "eve@acme.test", "owner"),
      await change(adam, await idOf(adam, "adam@acme.test"), "owner"),
      await change(adam, own, "viewer"),
      await remove(adam, own),
    ]) {
      expect(await codeOf(answer)).toBe("scope_missing");
    }
  });

  test("who proved who they are longer than ten minutes ago does it again before the team changes", async () => {
    const boss = await enter(owner);
    await superuser(acme, "update pay.portal_sessions set proved_at = now() - interval '11 minutes'");
    await rested();
    expect(await codeOf(await invite(boss, "late@acme.test", "viewer"))).toBe("step_up_needed");
    const before = mailbox.mails.length;
    await boss.call("/portal/v1/step-up", { method: "POST", body: "{}" });
    const { code, link } = await mailbox.next(owner, before);
    expect(link).toBeNull();
    const prove = (by: Person, typed: string | null) =>
      by.call("/portal/v1/step-up/finish", { method: "POST", body: JSON.stringify({ code: typed }) });
    const elsewhere = await enter(owner);
    expect(await codeOf(await prove(elsewhere, code))).toBe("login_failed");
    expect((await prove(boss, code)).status).toBe(200);
    expect((await invite(boss, "late@acme.test", "viewer")).status).toBe(201);
  });
});

test("nobody's and another tenant's people and payments are the same 404", async () => {
  const boss = await enter(owner);
  const paths = [
    ["GET", "/portal/v1/payments/"],
    ["DELETE", "/portal/v1/team/"],
  ] as const;
  for (const [method, path] of paths) {
    expect(await codeOf(await boss.call(path + randomUUID(), { method }))).toBe("not_found");
  }
});
