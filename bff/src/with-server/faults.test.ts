import { createSecretKey, randomBytes } from "node:crypto";
import { Problem } from "@clarity/bff/contract";
import {
  createContextFactory,
  createLogger,
  createServer,
  fileMasterKey,
  openRegistry,
  openTenants,
  type Registry,
  type Tenants,
} from "@clarity/server";
import { suspendTenant } from "@clarity/server/operate";
import {
  addDatabaseServer,
  connect,
  FakeProvider,
  type TcpProxy,
  type TestServer,
  type TestTenant,
  tcpProxy,
  testServer,
} from "@clarity/server/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createRig, type Rig, type Visitor } from "../testing/rig.ts";

/** Edge and server in one process; the registry and one database server can be taken away from them. */
let line: TestServer;
let rig: Rig;
let registry: Registry;
let tenants: Tenants;
let toRegistry: TcpProxy;
let toDatabases: TcpProxy;
/** Moves the clocks of edge and server alike, ms. */
let ahead = 0;
const queryTimeoutMs = 600;

beforeAll(async () => {
  const secret = createSecretKey(randomBytes(32));
  const key = { alg: "HS256", key: secret } as const;
  line = await testServer({ edgeKey: key });
  const { address, operator } = line.platform;
  const port = Number(new URL(address.adminUrl).port);
  [toRegistry, toDatabases] = [await tcpProxy(port), await tcpProxy(port)];
  // Servers of their own, so that tenants are not reached the way the registry is.
  for (const [name, adminUrl] of [
    ["here", address.adminUrl],
    ["elsewhere", through(address.adminUrl, toDatabases)],
  ] as const) {
    await addDatabaseServer({ ctx: operator, input: { name, adminUrl } });
  }

  const log = createLogger({ name: "server", level: "silent" });
  const url = through(address.registryUrl, toRegistry);
  registry = openRegistry({ url, masterKey: fileMasterKey(address.masterKeyFile), cache: { freshMs: 100 } });
  tenants = openTenants({ registry, log, pool: { maxConnections: 2, queryTimeoutMs } });
  const adapters = { provider: () => new FakeProvider(), connector: () => Promise.reject() as never };
  const makeContext = createContextFactory({ log, adapters });
  const now = () => Date.now() + ahead;
  const server = createServer({ registry, tenants, makeContext, edgeKey: key, log, now });
  const limits = { tenant: 1e9, session: 1e9, address: 1e9 };
  rig = await createRig({ upstream: server.fetch, internalKey: key, limits, now });
});
afterEach(async () => {
  await Promise.all([toRegistry.set("pass"), toDatabases.set("pass")]);
});
afterAll(async () => {
  await Promise.all([tenants.close(), registry.close()]);
  await Promise.all([toRegistry.close(), toDatabases.close(), rig.close()]);
  await line.close();
});

function through(url: string, { port }: TcpProxy): string {
  const there = new URL(url);
  there.port = String(port);
  return there.href;
}

/** A tenant without an ERP; `elsewhere`: on the database server that can be taken away. */
async function tenantNamed(slug: string, { elsewhere = false } = {}): Promise<TestTenant> {
  const tenant = await line.createTenant(slug);
  await tenant.open.settings.set("connector", null);
  await change(slug, { database_server: elsewhere ? "elsewhere" : "here" });
  return tenant;
}

/** What the registry says of a tenant, as another process would change it. */
const change = (slug: string, columns: Record<string, string | number>) => {
  const { sql } = line.platform.operator.registry;
  return sql`update tenants set ${sql(columns)}, updated_at = clock_timestamp() where slug = ${slug}`;
};

const enter = async (tenant: TestTenant): Promise<Visitor> =>
  rig.enter(`${tenant.open.tenant.slug}.localhost`, await tenant.token());

/** The edge asks about every host anew. */
function forgetHosts(): void {
  ahead += 31_000;
  rig.advance(31_000);
}

interface Told {
  status: number;
  code: string | null;
  retryAfterS: number;
  tookMs: number;
}

/** What a payer is told, and how long it took. */
async function told(asking: Promise<Response>): Promise<Told> {
  const startedAt = performance.now();
  const answer = await asking;
  const tookMs = performance.now() - startedAt;
  const body = await answer.json();
  const code = answer.ok ? null : Problem.parse(body).code;
  return { status: answer.status, code, retryAfterS: Number(answer.headers.get("retry-after")), tookMs };
}
const reading = (visitor: Visitor) => told(visitor.call("/v1/invoices"));

describe("one tenant's database is away", () => {
  test.each(["refuse", "swallow"] as const)(
    "that tenant is 503 with its code, another is served meanwhile, and it comes back by itself (%s)",
    async (mode) => {
      const sick = await tenantNamed(`sick-${mode}`, { elsewhere: true });
      const well = await tenantNamed(`well-${mode}`);
      const [theirs, mine] = [await enter(sick), await enter(well)];
      await toDatabases.set(mode);
      for (let round = 0; round < 5; round++) {
        const [refused, served] = await Promise.all([reading(theirs), reading(mine)]);
        expect(refused).toMatchObject({ status: 503, code: "tenant_unavailable", retryAfterS: 5 });
        expect(refused.tookMs).toBeLessThan(queryTimeoutMs + 1_500);
        expect(served.status).toBe(200);
      }
      // New sessions as well, and a host the edge has to ask about again.
      forgetHosts();
      await expect(enter(sick)).rejects.toThrow("tenant_unavailable");
      expect((await enter(well)).session.customer.id).toBe("C-1");
      await toDatabases.set("pass");
      await vi.waitFor(async () => expect((await reading(theirs)).status).toBe(200), { timeout: 10_000 });
    },
  );
});

describe("the registry is away", () => {
  test("known tenants go on, sessions and hosts alike; suspended ones stay refused, new ones are 503", async () => {
    const [known, closed] = [await tenantNamed("known"), await tenantNamed("closed")];
    await tenantNamed("unseen");
    const [mine, theirs] = [await enter(known), await enter(closed)];
    await suspendTenant({ ctx: line.platform.operator, input: { slug: "closed" } });
    await vi.waitFor(async () => expect((await reading(theirs)).code).toBe("tenant_suspended"));
    await toRegistry.set("refuse");
    forgetHosts();
    expect(await reading(mine)).toMatchObject({ status: 200 });
    expect((await enter(known)).session.customer.id).toBe("C-1");
    expect(await reading(theirs)).toMatchObject({ status: 403, code: "tenant_suspended" });
    const unseen = await told(rig.call("unseen.localhost", "/v1/session", { method: "POST" }));
    expect(unseen).toMatchObject({ status: 503, code: "tenant_unavailable" });
    expect(unseen.retryAfterS).toBeGreaterThan(0);
    await toRegistry.set("pass");
    await vi.waitFor(
      async () => {
        const back = await told(rig.call("unseen.localhost", "/v1/session", { method: "POST" }));
        expect(back.code).toBe("proof_invalid");
      },
      { timeout: 10_000 },
    );
  });
});

describe("connections run out", () => {
  test("everybody of that tenant hears 429 or 503 with Retry-After in time, nobody hangs, others are served", async () => {
    const [jammed, free] = [await tenantNamed("jammed"), await tenantNamed("free")];
    const [theirs, mine] = [await enter(jammed), await enter(free)];
    const letGo = await lockInvoices(jammed);
    try {
      const crowd = Array.from({ length: 300 }, () => reading(theirs));
      const answers = await Promise.all([...crowd, ...Array.from({ length: 5 }, () => reading(mine))]);
      const served = answers.splice(-5);
      expect(served.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      for (const { status, code, retryAfterS, tookMs } of answers) {
        expect([`503 tenant_unavailable`, `429 rate_limited`]).toContain(`${status} ${code}`);
        expect(retryAfterS).toBeGreaterThan(0);
        expect(tookMs).toBeLessThan(queryTimeoutMs + 3_000);
      }
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503, 429]));
    } finally {
      await letGo();
    }
    await vi.waitFor(async () => expect((await reading(theirs)).status).toBe(200), { timeout: 10_000 });
  });
});

/** Whoever reads the tenant's invoices waits, until the returned is called. */
async function lockInvoices({ open }: TestTenant): Promise<() => Promise<unknown>> {
  const url = new URL(line.platform.address.adminUrl);
  url.pathname = `/${open.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  const { promise: enough, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await tx`lock table pay.invoices in access exclusive mode`;
    hold();
    await enough;
  });
  await Promise.race([held, holding]);
  return async () => {
    letGo();
    await holding;
    await sql.end();
  };
}

describe("what a tenant is stands in the code", () => {
  test("unknown, suspended, deleting, moving and behind are told apart, at the door and within a session", async () => {
    // Its connections were cut a moment ago.
    await vi.waitFor(async () => {
      const unknown = await told(rig.call("nobody.localhost", "/v1/invoices"));
      expect(unknown).toMatchObject({ status: 404, code: "tenant_unknown" });
    });
    for (const [slug, columns, status, code] of [
      ["suspended", { status: "suspended" }, 403, "tenant_suspended"],
      ["deleting", { status: "deleting" }, 410, "tenant_deleting"],
      ["moving", { status: "moving" }, 503, "tenant_moving"],
      ["behind", { schema_version: 0 }, 503, "tenant_upgrading"],
    ] as const) {
      const tenant = await tenantNamed(slug);
      const visitor = await enter(tenant);
      await change(slug, columns);
      const within = await vi.waitFor(async () => {
        const answer = await reading(visitor);
        expect(answer.status).not.toBe(200);
        return answer;
      });
      expect(within, slug).toMatchObject({ status, code });
      forgetHosts();
      expect(await reading(visitor), slug).toMatchObject({ status, code });
      if (status === 503) expect(within.retryAfterS, slug).toBeGreaterThan(0);
    }
  });
});
