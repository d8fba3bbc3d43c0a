import { createSecretKey, generateKeyPairSync, randomBytes } from "node:crypto";
import {
  AuditVerdict,
  MadePortalKey,
  PortalAudit,
  PortalEmbedKeys,
  PortalSettings,
} from "@clarity/server/contract";
import { connect, type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../portal/cookie.ts";
import { codeOf } from "../testing/code-of.ts";
import { type Person, person } from "../testing/person.ts";
import { createRig, type Rig } from "../testing/rig.ts";

/** Edge and server over real PostgreSQL: what a tenant's people see of their settings, and change. */
let line: TestServer;
let rig: Rig;
let acme: TestTenant;
let globex: TestTenant;
let ada: Person;
let bob: Person;
const canary = "sk_canary_9d3f1c";

beforeAll(async () => {
  const key = createSecretKey(randomBytes(32));
  line = await testServer({ edgeKey: { alg: "HS256", key } });
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key } });
  acme = await line.createTenant("acme");
  globex = await line.createTenant("globex");
  ada = await somebody("Ada", "owner");
  bob = await somebody("Bob", "admin");
});
afterAll(async () => {
  await rig.close();
  await line.close();
});

/** Signed in at acme's portal. @param provedAgo of the last proof */
async function somebody(name: string, role: string, provedAgo = "0 s"): Promise<Person> {
  const url = new URL(line.platform.address.adminUrl);
  url.pathname = `/${acme.open.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  const cookie = randomBytes(32).toString("base64url");
  const digest = Buffer.from(digestOf(cookie), "base64url");
  await sql`
    with person as (
      insert into pay.users (tenant_id, email, name, role, joined_at)
      values (${acme.open.tenant.id}, ${`${name}@acme.test`}, ${name}, ${role}, now()) returning tenant_id, id
    )
    insert into pay.portal_sessions (tenant_id, id, user_id, digest, device, expires_at, proved_at)
    select tenant_id, gen_random_uuid(), id, ${digest}, '', now() + interval '1 hour', now() - ${provedAgo}::interval
    from person`;
  await sql.end();
  return person(rig, "acme.localhost", cookie);
}

const put = (by: Person, path: string, body: object) =>
  by.call(`/portal/v1${path}`, { method: "PUT", body: JSON.stringify(body) });

const all = async (by: Person) => PortalSettings.parse(await (await by.call("/portal/v1/settings")).json());
const setting = async (by: Person, key: string) =>
  (await all(by)).settings.find((one) => one.key === key) ?? expect.fail(key);

describe("a setting", () => {
  test("is changed under the person's name, and taken back to what it was, and to its default", async () => {
    const before = await setting(ada, "seller.statement");
    expect(before).toMatchObject({ value: "INVOICE PAYMENT", source: "default", version: "", former: null });
    const change = { value: "ACME LTD", version: before.version };
    expect((await put(ada, "/settings/seller.statement", change)).status).toBe(200);
    const changed = await setting(bob, "seller.statement");
    expect(changed).toMatchObject({ value: "ACME LTD", changed: { by: "Ada" }, former: { default: true } });
    const second = { value: "ACME", version: changed.version };
    expect((await put(bob, "/settings/seller.statement", second)).status).toBe(200);
    const now = await setting(ada, "seller.statement");
    expect(now).toMatchObject({ value: "ACME", changed: { by: "Bob" }, former: { value: "ACME LTD" } });
    const back = { default: true, version: now.version };
    expect((await put(ada, "/settings/seller.statement", back)).status).toBe(200);
    expect(await setting(ada, "seller.statement")).toMatchObject({
      source: "default",
      former: { value: "ACME" },
    });
  });

  test("that somebody else has changed since is not overwritten unseen, whoever was first, and counts at once", async () => {
    const { version } = await setting(ada, "seller.supportEmail");
    const change = (by: Person, value: string, seen = version) =>
      put(by, "/settings/seller.supportEmail", { value, version: seen });
    const answers = await Promise.all([change(ada, "ada@acme.test"), change(bob, "bob@acme.test")]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const late = answers.find(({ status }) => status === 409) ?? expect.fail("none");
    expect(await codeOf(late)).toBe("changed_meanwhile");
    const seen = await setting(bob, "seller.supportEmail");
    expect((await change(bob, "help@acme.test", seen.version)).status).toBe(200);
    expect(await acme.open.settings.get("seller.supportEmail")).toBe("help@acme.test");
    const gone = { default: true, version: seen.version };
    expect(await codeOf(await put(ada, "/settings/seller.supportEmail", gone))).toBe("changed_meanwhile");
  });

  test("that does not fit says where, and changes nothing", async () => {
    const { version } = await setting(ada, "limits.declines");
    const value = { session: 0, customer: "x", address: 30, card: 5 };
    const answer = await put(ada, "/settings/limits.declines", { value, version });
    const problem = (await answer.json()) as { code: string; errors: { pointer: string }[] };
    expect(problem.code).toBe("validation_failed");
    expect(problem.errors.map(({ pointer }) => pointer)).toEqual(["/value/session", "/value/customer"]);
    expect(await setting(ada, "limits.declines")).toMatchObject({ source: "default" });
  });

  test("without a default is not taken away, and one of the operator's is not theirs", async () => {
    const { version } = await setting(ada, "seller.name");
    expect(await codeOf(await put(ada, "/settings/seller.name", { default: true, version }))).toBe(
      "validation_failed",
    );
    expect(await setting(ada, "quota.requestsPerMinute")).toMatchObject({ mayChange: false });
    const more = { value: 1_000_000, version: "" };
    expect(await codeOf(await put(ada, "/settings/quota.requestsPerMinute", more))).toBe("scope_missing");
  });

  test("that says where secrets go asks for a proof, and so do secrets; others do not", async () => {
    const tired = await somebody("Tess", "admin", "1 hour");
    const smtp = { value: { host: "mail.evil.test", port: 465, from: "a@acme.test" }, version: "" };
    for (const key of ["smtp", "provider", "connector", "embed.origins"])
      expect(await codeOf(await put(tired, `/settings/${key}`, smtp)), key).toBe("step_up_needed");
    const secret = { value: "a", version: "" };
    expect(await codeOf(await put(tired, "/secrets/smtp.password", secret))).toBe("step_up_needed");
    const { version } = await setting(tired, "portal.idleMinutes");
    expect((await put(tired, "/settings/portal.idleMinutes", { value: 30, version })).status).toBe(200);
  });
});

describe("a secret", () => {
  test("goes in and is in no answer, no list, no log of the audit's, nor is a piece of it", async () => {
    const { version } = await setting(ada, "connector.secret");
    const set = await put(ada, "/secrets/connector.secret", { value: canary, version });
    const answer = await set.text();
    expect(set.status).toBe(200);
    expect(await acme.open.settings.get("connector.secret")).toBe(canary);
    const list = await (await bob.call("/portal/v1/settings")).text();
    const log = await acme.open.db.query`
      select tenant_id, actor, action, subject, detail from pay.audit_log where subject = 'connector.secret'`;
    for (const said of [answer, list, JSON.stringify(log)]) {
      expect(said).not.toContain(canary.slice(0, 9));
      expect(said).not.toContain(canary.slice(-4));
    }
    expect(await setting(bob, "connector.secret")).toMatchObject({
      ...{ value: null, schema: null, former: null, source: "stored" },
      changed: { by: "Ada" },
    });
    const wrong = await (
      await put(ada, "/secrets/provider.secretKey", { value: `${canary} ü`, version: "" })
    ).text();
    expect(wrong).toContain("validation_failed");
    expect(wrong).not.toContain(canary.slice(-4));
  });

  test("has a way of its own: as a setting it is not there, and a setting is no secret", async () => {
    const body = { value: "x", version: "" };
    expect(await codeOf(await put(ada, "/settings/smtp.password", body))).toBe("not_found");
    expect(await codeOf(await put(ada, "/secrets/seller.statement", body))).toBe("not_found");
    expect(await codeOf(await put(ada, "/settings/constructor", body))).toBe("not_found");
  });
});

describe("a flag", () => {
  test("is set under the person's name, once of two at a time, and taken back", async () => {
    const flag = async () =>
      (await all(ada)).flags.find(({ key }) => key === "partial-payments") ?? expect.fail("none");
    const { version } = await flag();
    const set = (by: Person) =>
      put(by, "/flags/partial-payments", { value: false, version, reason: "audit" });
    const statuses = (await Promise.all([set(ada), set(bob)])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 409]);
    const now = await flag();
    expect(now).toMatchObject({ value: false, default: true, reason: "audit" });
    expect(["Ada", "Bob"]).toContain(now.changed?.by);
    const back = { value: null, version: now.version };
    expect((await put(bob, "/flags/partial-payments", back)).status).toBe(200);
    expect(await flag()).toMatchObject({ value: true, version: "", changed: { by: "Bob" } });
    expect(await codeOf(await put(ada, "/flags/of-the-past", { value: true, version: "" }))).toBe(
      "not_found",
    );
  });
});

test("nothing of this is seen or changed at another tenant", async () => {
  const before = await globex.open.settings.list();
  const body = JSON.stringify({ value: "EVIL", version: "" });
  const answer = await ada.call("/portal/v1/settings/seller.statement", {
    ...{ method: "PUT", body, host: "globex.localhost" },
  });
  expect(await codeOf(answer)).toBe("token_invalid");
  expect(await globex.open.settings.list()).toEqual(before);
});

describe("pages that may embed the form", () => {
  test("are added by https or on the person's own machine; what an operator let in may stay", async () => {
    await acme.open.settings.set("embed.origins", ["http://old.example"]);
    const change = async (value: string[]) => {
      const { version } = await setting(ada, "embed.origins");
      return put(ada, "/settings/embed.origins", { value, version });
    };
    const kept = ["http://old.example", "https://xn--bcher-kva.example", "http://erp.localhost:8080"];
    expect((await change(kept)).status).toBe(200);
    expect(await acme.open.settings.get("embed.origins")).toEqual(kept);
    for (const [origin, pointer] of [
      ["http://erp.example", "/value/3"],
      ["http://localhost.example", "/value/3"],
      ["https://bücher.example", "/value/3"],
      ["https://*.example", "/value/3"],
      ["https://erp.example/pay", "/value/3"],
    ] as const) {
      const answer = (await (await change([...kept, origin])).json()) as { errors: { pointer: string }[] };
      expect(answer.errors, origin).toMatchObject([{ pointer }]);
    }
    expect(await acme.open.settings.get("embed.origins")).toEqual(kept);
  });
});

describe("an embed key", () => {
  const post = (by: Person, path: string, body: object) =>
    by.call(`/portal/v1${path}`, { method: "POST", body: JSON.stringify(body) });
  const list = async () => {
    const text = await (await bob.call("/portal/v1/embed-keys")).text();
    return { text, keys: PortalEmbedKeys.parse(JSON.parse(text)).keys };
  };

  test("is made under the person's name, its secret said once, and revoked with a reason", async () => {
    const made = MadePortalKey.parse(
      await (await post(ada, "/embed-keys", { algorithm: "HS256", id: "erp" })).json(),
    );
    const secret = made.secret ?? expect.fail("no secret");
    expect(secret).toHaveLength(43);
    const { text, keys } = await list();
    expect(text).not.toContain(secret.slice(0, 8));
    expect(keys.find(({ id }) => id === "erp")).toMatchObject({ createdBy: "Ada", revoked: null });
    expect((await post(bob, "/embed-keys/erp/revoke", { reason: "left a laptop in a train" })).status).toBe(
      200,
    );
    expect((await list()).keys.find(({ id }) => id === "erp")?.revoked).toMatchObject({
      ...{ by: "Bob", reason: "left a laptop in a train" },
    });
    expect(await codeOf(await post(ada, "/embed-keys/erp/revoke", { reason: "again" }))).toBe("not_found");
    expect(await codeOf(await post(ada, "/embed-keys/erp/revoke", { reason: " " }))).toBe(
      "validation_failed",
    );
  });

  test("that is there already, holds private parts or is none is refused in words at its field", async () => {
    const wrong = async (body: object) =>
      (
        (await (await post(ada, "/embed-keys", body)).json()) as { errors?: { pointer: string }[] }
      ).errors?.map(({ pointer }) => pointer);
    expect(await wrong({ algorithm: "HS256", id: "erp" })).toEqual(["/id"]);
    const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
    expect(await wrong({ algorithm: "ES256", jwk })).toEqual(["/jwk"]);
    expect(await wrong({ algorithm: "ES256", jwk: { kty: "EC" } })).toEqual(["/jwk"]);
    expect(await wrong({ algorithm: "ES256", jwksUrl: "http://erp.example/jwks" })).toEqual(["/jwksUrl"]);
    const { d: _, ...open } = jwk;
    expect((await post(ada, "/embed-keys", { algorithm: "ES256", jwk: open })).status).toBe(201);
  });
});

describe("the audit log", () => {
  const read = async (query: Record<string, string>) => {
    const answer = await ada.call(`/portal/v1/audit?${new URLSearchParams(query)}`);
    return PortalAudit.parse(await answer.json());
  };
  const verify = async () =>
    AuditVerdict.parse(
      await (await ada.call("/portal/v1/audit/verify", { method: "POST", body: "{}" })).json(),
    );

  test("tells what a person did, by topic and by what it was about, a page at a time and each entry once", async () => {
    const everything = await read({ limit: "100" });
    const paged: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: PortalAudit = await read({ limit: "3", ...(cursor && { cursor }) });
      paged.push(...page.entries.map(({ id }) => id));
      cursor = page.next;
    }
    expect(paged).toEqual(everything.entries.map(({ id }) => id));
    const statements = await read({ q: "seller.statement", topic: "setting" });
    expect(statements.entries.map(({ by, action }) => `${by} ${action}`)).toEqual([
      "Ada setting.unset",
      "Bob setting.set",
      "Ada setting.set",
    ]);
    const [user] = await acme.open.db.query<{ tenant_id: string; id: string }>`
      select tenant_id, id from pay.users where name = 'Bob'`;
    const bobs = await read({ person: user?.id ?? "", limit: "100" });
    expect(new Set(bobs.entries.map(({ by }) => by))).toEqual(new Set(["Bob"]));
  });

  test("is whole, and says which entry is not when somebody has edited one", async () => {
    const whole = await verify();
    expect(whole).toMatchObject({ damage: null });
    expect(whole.entries).toBeGreaterThan(5);
    const url = new URL(line.platform.address.adminUrl);
    url.pathname = `/${acme.open.record.database.name}`;
    const sql = connect({ url: url.href, max: 1 });
    await sql.unsafe(`alter table pay.audit_log disable trigger all;
      update pay.audit_log set action = 'nothing' where id = 4; alter table pay.audit_log enable trigger all`);
    await sql.end();
    expect((await verify()).damage).toEqual({ kind: "edited", entry: "4" });
  });
});
