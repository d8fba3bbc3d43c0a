import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../database/connect.ts";
import { createTenant } from "../operations/provisioning/create-tenant.ts";
import { createLogger } from "../telemetry/log.ts";
import { behindPgBouncer } from "../testing/behind-pgbouncer.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import type { PgBouncer } from "../testing/pgbouncer.ts";
import { TenantUnavailable } from "./errors.ts";
import { sessionName } from "./tenant-connection.ts";
import { connectionUrl, type OpenTenant, openTenants, type Tenants } from "./tenants.ts";

const count = 60;
let platform: TestPlatform;
let ids: string[];
const opened: Tenants[] = [];

beforeAll(async () => {
  platform = await testPlatform();
  const slugs = Array.from({ length: count }, (_, n) => `t-${n}`).values();
  ids = [];
  const loop = async () => {
    for (const slug of slugs) {
      const input = { slug, name: slug, template: "basic-invoice", adminEmail: `a@${slug}.test` } as const;
      ids.push((await createTenant({ ctx: platform.operator, input })).tenant.id);
    }
  };
  await Promise.all([loop(), loop(), loop()]);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((tenants) => tenants.close()));
});
afterAll(() => platform.close());

function open(options: Partial<Parameters<typeof openTenants>[0]>): Tenants {
  const log = createLogger({ name: "test", level: "silent" });
  const tenants = openTenants({ registry: platform.operator.registry, log, ...options });
  opened.push(tenants);
  return tenants;
}

const users = ({ db }: OpenTenant) => db.query<{ tenant_id: string; email: string }>`
  select tenant_id, email, pg_sleep(0.002) from pay.users`;

/** Tenants' sessions as PostgreSQL counts them, until `done`: the most at once. */
async function mostSessions(done: Promise<unknown>): Promise<number> {
  let running = true;
  let most = 0;
  const watching = (async () => {
    while (running) {
      const [row] = await platform.operator.admin<{ sessions: number }[]>`
        select count(*)::int as sessions from pg_stat_activity
        where application_name like 'pay-server/%' and datname like ${`${platform.address.namespace}\\_t\\_%`}`;
      most = Math.max(most, row?.sessions ?? 0);
    }
  })();
  await done.finally(() => {
    running = false;
  });
  await watching;
  return most;
}

describe("connections straight to PostgreSQL", () => {
  test("60 tenants at once share 8 connections: never more, and everybody is served", async () => {
    const tenants = open({ pool: { maxConnectionsInAll: 8, maxConnections: 3, queryTimeoutMs: 20_000 } });
    const ask = async (id: string) => {
      for (let round = 0; round < 3; round++) {
        const rows = await Promise.all([1, 2, 3].map(async () => users(await tenants.open(id))));
        for (const [row] of rows) expect(row?.tenant_id).toBe(id);
      }
      return id;
    };
    const all = Promise.all(ids.map(ask));
    const most = await mostSessions(all);
    expect(await all).toEqual(ids);
    expect(most).toBeGreaterThan(3);
    expect(most).toBeLessThanOrEqual(8);
  });

  test("a tenant whose statements hold every connection gives one up to the next tenant", async () => {
    const [busy = "", quiet = ""] = ids;
    const tenants = open({ pool: { maxConnectionsInAll: 3, maxConnections: 3, queryTimeoutMs: 5_000 } });
    const { db } = await tenants.open(busy);
    let flooding = true;
    const flood = Array.from({ length: 9 }, async () => {
      while (flooding) await db.query`select tenant_id, pg_sleep(0.1) from pay.users`;
    });
    for (let round = 0; round < 5; round++) {
      const [row] = await users(await tenants.open(quiet));
      expect(row?.tenant_id).toBe(quiet);
    }
    flooding = false;
    await Promise.all(flood);
  });

  test("idle connections are closed, and opened again when wanted", async () => {
    const [id = ""] = ids;
    const tenants = open({ pool: { idleTimeoutMs: 300 } });
    const held = await tenants.open(id);
    const sessions = async () => {
      const [row] = await platform.operator.admin<{ sessions: number }[]>`
        select count(*)::int as sessions from pg_stat_activity where application_name = ${sessionName(id)}`;
      return row?.sessions;
    };
    await users(held);
    expect(await sessions()).toBe(1);
    await expect.poll(sessions, { timeout: 5_000 }).toBe(0);
    expect(await users(held)).toHaveLength(1);
  });

  test("a connection that was cut is replaced by one that is asked anew whose database it leads to", async () => {
    const [id = ""] = ids;
    const tenants = open({ pool: { maxConnections: 1 } });
    const held = await tenants.open(id);
    await users(held);
    const statements = async () => {
      const [row] = await platform.operator.admin<{ pid: number; query_start: Date }[]>`
        select pid, query_start from pg_stat_activity where application_name = ${sessionName(id)}`;
      return row;
    };
    const before = await statements();
    // The database turns out to be somebody else's from one connection to the next.
    const { name } = held.record.database;
    await platform.operator.admin.unsafe(`comment on database "${name}" is 'somebody else'`);
    expect(await users(held)).toHaveLength(1);
    await platform.operator.admin`select pg_terminate_backend(${before?.pid ?? 0}, 5000)`;
    await expect
      .poll(
        () =>
          users(held).then(
            () => "answered",
            (error: Error) => error.name,
          ),
        { timeout: 5_000 },
      )
      .toBe("IsolationBreach")
      .finally(() => platform.operator.admin.unsafe(`comment on database "${name}" is '${id}'`));
    expect(await users(held)).toHaveLength(1);
  });
});

behindPgBouncer((start) => {
  let bouncer: PgBouncer;
  beforeAll(async () => {
    bouncer = await start({ adminUrl: platform.address.adminUrl });
  });
  afterAll(() => bouncer?.stop());

  const pooled = (pool = {}) => open({ pooler: bouncer, pool });

  /** As a client of its own with a tenant's password, straight from the registry. */
  async function client(id: string, session: Record<string, string>) {
    const { record } = await platform.operator.tenants.open(id);
    const url = new URL(await connectionUrl({ registry: platform.operator.registry, record }));
    url.port = String(bouncer.port);
    return connect({ url: url.href, max: 1, session, behindPooler: true });
  }

  test("12 tenants from three processes, over one server connection each: everybody sees their own", async () => {
    const some = ids.slice(0, 12);
    // Not about time: a busy machine may take longer than a payer waits.
    const patient = () => pooled({ queryTimeoutMs: 20_000 });
    const processes = [patient(), patient(), patient()];
    const ask = async (tenants: Tenants, id: string, n: number) => {
      const { db } = await tenants.open(id);
      const name = `C-${n}`;
      await db.query`
        insert into pay.customers (tenant_id, id, name, synced_at) values (${id}::uuid, ${name}, ${name}, now())
        on conflict (id, tenant_id) do nothing returning tenant_id`;
      const rows = await db.query<{ tenant_id: string; speaks_for: string }>`
        select tenant_id, pay.current_tenant()::text as speaks_for from pay.customers where id = ${name}`;
      expect(rows).toEqual([{ tenant_id: id, speaks_for: id }]);
    };
    const work = [];
    for (let n = 0; n < 10; n++) {
      for (const id of some) for (const tenants of processes) work.push(ask(tenants, id, n));
    }
    await Promise.all(work);
    const connections = await bouncer.serverConnections();
    for (const id of some) {
      const { record } = await platform.operator.tenants.open(id);
      expect(connections.get(record.database.name)).toBe(1);
    }
  });

  test("a client that names another tenant sees nothing, and what it leaves behind changes nothing", async () => {
    const [own = "", other = ""] = ids;
    const tenants = pooled();
    const wrong = await client(own, { application_name: sessionName(other) });
    const nobody = await client(own, { application_name: "psql" });
    for (let round = 0; round < 20; round++) {
      const [mine, theirs, none] = await Promise.all([
        users(await tenants.open(own)),
        wrong`select tenant_id from pay.users`,
        nobody`select tenant_id from pay.users`,
      ]);
      expect(mine).toHaveLength(1);
      expect(theirs).toHaveLength(0);
      expect(none).toHaveLength(0);
    }
    await expect(
      wrong`insert into pay.customers (tenant_id, id, name, synced_at) values (${own}, 'x', 'x', now())`,
    ).rejects.toMatchObject({ code: "42501" });
    // Stays on the one server connection all of them share.
    await nobody.unsafe(`set app.tenant_id = '${other}'`);
    expect(await users(await tenants.open(own))).toHaveLength(1);
    await nobody.unsafe("reset app.tenant_id");
    await Promise.all([wrong.end(), nobody.end()]);
  });

  test("a connection string that leads to another tenant's database is noticed there, too", async () => {
    const [own = "", other = ""] = ids.slice(20);
    const { sql } = platform.operator.registry;
    const { record, keys } = await platform.operator.tenants.open(own);
    const foreign = await platform.operator.tenants.open(other);
    const password = foreign.keys.open("connection", foreign.record.database.password);
    const secret = Buffer.from(keys.seal("connection", password).ciphertext);
    await platform.rewriteRegistry(`alter table tenants drop constraint if exists tenants_database_name_key,
      drop constraint if exists tenants_login_role_key`);
    const set = (database: { name: string; role: string }, ciphertext: Uint8Array) => sql`
      update tenants set database_name = ${database.name}, login_role = ${database.role},
        connection_secret = ${ciphertext}, updated_at = clock_timestamp() where id = ${own}`;
    await set(foreign.record.database, secret);
    const { db } = await pooled().open(own);
    await expect(db.query`select tenant_id from pay.users`).rejects.toMatchObject({
      name: "IsolationBreach",
    });
    await set(record.database, record.database.password.ciphertext);
  });

  test("a statement that takes too long is cancelled through it, and the next is served", async () => {
    const [id = ""] = ids;
    const { db } = await pooled({ queryTimeoutMs: 300 }).open(id);
    await expect(db.query`select tenant_id, pg_sleep(10) from pay.users`).rejects.toBeInstanceOf(
      TenantUnavailable,
    );
    await expect
      .poll(
        () =>
          db.query`select tenant_id from pay.users`.then(
            ({ length }) => length,
            () => 0,
          ),
        {
          timeout: 5_000,
        },
      )
      .toBe(1);
  });

  test("statements are bounded by the role there", async () => {
    const { db } = await pooled().open(ids[0] ?? "");
    const [row] = await db.query<{ tenant_id: string; bound: string }>`
      select tenant_id, current_setting('statement_timeout') as bound from pay.users`;
    expect(row?.bound).toBe("5s");
  });
});
