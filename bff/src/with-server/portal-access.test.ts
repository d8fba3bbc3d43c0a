import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { may, type PortalRoute, portalRows, Role } from "@clarity/server/contract";
import { connect, type TestServer, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { digestOf } from "../portal/cookie.ts";
import { codeOf } from "../testing/code-of.ts";
import { type Person, person } from "../testing/person.ts";
import { createRig, type Rig } from "../testing/rig.ts";

/**
 * Every row of the portal × every role × whose tenant, made of the table of routes and the table of permissions: a new
 * row is in it without a word here.
 */
const rows = Object.entries<PortalRoute>(portalRows)
  .filter(([, { guard }]) => guard === "user")
  .map(([name, row]) => ({ name, row }));
const roles = Role.options;

/** What lets a row's body through; others take any. */
const bodies: Readonly<Record<string, object>> = {
  inviteToPortal: { email: "new@acme.test", name: "New", role: "viewer" },
  changePortalRole: { role: "viewer" },
  askAboutPortalPayment: { reason: "why" },
  closePortalPayment: { reason: "why" },
  decidePortalPayment: { decision: "unpaid", reason: "why" },
  replayPortalDelivery: { reason: "why" },
  finishPortalDelivery: { reason: "why" },
  finishPortalStepUp: { code: "123456" },
  importPortalInvoices: { file: "", apply: false },
  changePortalSetting: { value: "Ltd", version: "" },
  changePortalSecret: { value: "s3cret", version: "" },
  addPortalEmbedKey: { algorithm: "HS256" },
  revokePortalEmbedKey: { reason: "lost" },
  changePortalFlag: { value: true, version: "" },
};

let line: TestServer;
let rig: Rig;
const people = new Map<string, Person>();

beforeAll(async () => {
  const key = createSecretKey(randomBytes(32));
  line = await testServer({ edgeKey: { alg: "HS256", key } });
  const limits = { session: 1e9, address: 1e9 };
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key }, limits });
  for (const slug of ["acme", "globex"]) {
    const { open } = await line.createTenant(slug);
    const url = new URL(line.platform.address.adminUrl);
    url.pathname = `/${open.record.database.name}`;
    const sql = connect({ url: url.href, max: 1 });
    for (const role of roles) {
      const cookie = randomBytes(32).toString("base64url");
      const digest = Buffer.from(digestOf(cookie), "base64url");
      await sql`
        with person as (
          insert into pay.users (tenant_id, email, role, joined_at)
          values (${open.tenant.id}, ${`the-${role}@${slug}.test`}, ${role}, now()) returning tenant_id, id
        )
        insert into pay.portal_sessions (tenant_id, id, user_id, digest, device, expires_at)
        select tenant_id, gen_random_uuid(), id, ${digest}, '', now() + interval '1 hour' from person`;
      people.set(`${slug}/${role}`, person(rig, `${slug}.localhost`, cookie));
    }
    await sql.end();
  }
});
afterAll(async () => {
  await rig.close();
  await line.close();
});

const call = ({ name, row }: (typeof rows)[number], by: Person, host: string) =>
  by.call(`/portal/v1${row.path.replace("{id}", randomUUID()).replace("{key}", "seller.statement")}`, {
    method: row.method,
    host,
    ...(row.method !== "GET" && row.method !== "DELETE" && { body: JSON.stringify(bodies[name] ?? {}) }),
  });

/** Last: it ends who calls it. */
const inOrder = rows.toSorted(
  (a, b) => Number(a.name === "endPortalSession") - Number(b.name === "endPortalSession"),
);

describe.each(inOrder)("$name", (one) => {
  const { needs } = one.row;

  test("every role finds nothing with its own session at another tenant's host", async () => {
    for (const role of roles) {
      const by = people.get(`acme/${role}`) ?? expect.fail(role);
      expect(await codeOf(await call(one, by, "globex.localhost")), role).toBe("token_invalid");
    }
  });

  test(`is for whom the table of permissions names${needs ? `: ${needs}` : ""}`, async () => {
    for (const role of roles) {
      const by = people.get(`acme/${role}`) ?? expect.fail(role);
      const answer = await call(one, by, "acme.localhost");
      const let_in = !needs || may(role, needs);
      if (let_in)
        expect([401, 403].includes(answer.status) && (await codeOf(answer)) !== "login_failed", role).toBe(
          false,
        );
      else expect(await codeOf(answer), role).toBe("scope_missing");
    }
  });
});

test("every row that changes something needs a right, or is about the person's own session", () => {
  const own = ["endPortalSession", "startPortalStepUp", "finishPortalStepUp"];
  const unguarded = rows.filter(({ row }) => row.method !== "GET" && !row.needs).map(({ name }) => name);
  expect(unguarded.sort()).toEqual(own.sort());
});
