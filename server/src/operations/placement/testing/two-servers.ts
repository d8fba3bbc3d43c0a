import { expect } from "vitest";
import { connect, type Sql } from "../../../database/connect.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { names } from "../../names.ts";
import { addDatabaseServer } from "../../servers/database-servers.ts";
import { startOtherServer } from "./other-server.ts";

/** A platform with a second database server, `second`. */
export interface TwoServers {
  readonly platform: TestPlatform;
  /** The administrators. */
  readonly main: Sql;
  readonly second: Sql;
  readonly secondUrl: string;
  /** The tenant lives at one of the two alone, open, and nothing of a move is left on either. */
  expectAlone(tenant: OpenTenant, place: "main" | "second"): Promise<void>;
  close(): Promise<void>;
}

export async function startTwoServers(settings: Record<string, string> = {}): Promise<TwoServers> {
  const [platform, other] = await Promise.all([testPlatform(), startOtherServer(settings)]);
  const ctx = platform.operator;
  await addDatabaseServer({ ctx, input: { name: "second", adminUrl: other.url } });
  const second = connect({ url: other.url, max: 2 });
  const main = ctx.admin;
  return {
    platform,
    main,
    second,
    secondUrl: other.url,
    async expectAlone({ record }, place) {
      const current = await ctx.registry.findById(record.id);
      expect(current).toMatchObject({ status: "active" });
      expect(current?.database.server?.name ?? "main").toBe(place);
      const here = { database: [{ open: true, settings: 0 }], role: [{ login: true }], ...nothing };
      const gone = { database: [], role: [], ...nothing };
      // A session that was closed is listed for a moment more.
      const moves = await ctx.registry.sql<
        { id: string }[]
      >`select id from moves where tenant_id = ${record.id}`;
      const ids = moves.map(({ id }) => id);
      const patient = { timeout: 5_000, interval: 50 };
      await expect.poll(() => look(main, record, ids), patient).toEqual(place === "main" ? here : gone);
      await expect.poll(() => look(second, record, ids), patient).toEqual(place === "second" ? here : gone);
    },
    async close() {
      await second.end();
      await Promise.all([platform.close(), other.close()]);
    },
  };
}

const nothing = { slots: 0, subscriptions: 0, roles: 0, databases: 0, sessions: 0 };

/** What a server has of the tenant, and what is left of its moves. */
async function look(sql: Sql, { id, database }: OpenTenant["record"], moves: readonly string[]) {
  const { name, role } = database;
  const called = moves.map((move) => names.move("%", move));
  const made = await sql`
    select datallowconn as open,
      (select count(*)::int from pg_db_role_setting where setdatabase = d.oid) as settings
    from pg_database d where datname = ${name}`;
  const login = await sql`select rolcanlogin as login from pg_roles where rolname = ${role}`;
  const [left] = await sql`
    select
      (select count(*)::int from pg_replication_slots where database = ${name}) as slots,
      (select count(*)::int from pg_subscription where subname like any(${called}::text[])) as subscriptions,
      (select count(*)::int from pg_roles where rolname like any(${called}::text[])) as roles,
      (select count(*)::int from pg_database where datname like ${names.beside("%", id, "move")}) as databases,
      (select count(*)::int from pg_stat_activity
        where application_name = any(${moves.map((move) => `pay-move-${move}`)}::text[])) as sessions`;
  return { database: [...made], role: [...login], ...left };
}
