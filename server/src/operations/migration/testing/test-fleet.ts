import { afterAll, beforeAll, beforeEach } from "vitest";
import { connect } from "../../../database/connect.ts";
import type { Migration } from "../../../database/migrate.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import { type MigrateTenants, migrateTenants } from "../migrate-tenants.ts";
import { changeRing, type Ring } from "../rings.ts";
import { type Later, migrationsFolder } from "./migrations-folder.ts";

export const addColumn: Later = {
  name: "note",
  up: "-- phase: expand\nalter table pay.users add column note text;",
};

/** Tenants by the ring they are in, `email` of each is `admin@<slug>.test`. */
const rings: Record<string, Ring> = {
  acme: "canary",
  bravo: "early",
  carat: "rest",
  delta: "rest",
  echo: "rest",
};

/** Call it once at the top of a test file: five new tenants at this code's schema for each test. */
export function testFleet() {
  const folder = temporaryFolders();
  let platform: TestPlatform;
  let tenants: Map<string, OpenTenant>;
  beforeAll(async () => {
    platform = await testPlatform();
  });
  beforeEach(async () => {
    const { registry } = platform.operator;
    // Making databases takes longer than these tests: those of the test before are only forgotten.
    await registry.sql`delete from tenants`;
    await registry.sql`delete from instances`;
    await registry.sql`delete from migration_runs`;
    const made = Object.keys(rings).map(async (slug) => [slug, await platform.createTenant(slug)] as const);
    tenants = new Map(await Promise.all(made));
    for (const [slug, ring] of Object.entries(rings)) {
      await changeRing({ ctx: platform.operator, input: { slug, ring } });
    }
  });
  afterAll(() => platform.close());

  const open = (slug: string): OpenTenant => {
    const tenant = tenants.get(slug);
    if (!tenant) throw new Error(`no tenant ${slug}`);
    return tenant;
  };
  const urlOf = (slug: string) =>
    Object.assign(new URL(platform.address.adminUrl), { pathname: `/${open(slug).record.database.name}` })
      .href;
  const inDatabase = async <T extends object>(slug: string, statement: string): Promise<T[]> => {
    const sql = connect({ url: urlOf(slug), max: 1 });
    const rows = await sql.unsafe<T[]>(statement).finally(() => sql.end());
    return [...rows];
  };
  return {
    slugs: Object.keys(rings),
    get ctx() {
      return platform.operator;
    },
    /** As a request does. */
    open: (slug: string) => platform.operator.tenants.open(open(slug).tenant.id),
    databaseOf: (slug: string) => open(slug).record.database.name,
    /** The administrator's. */
    urlOf,
    inDatabase,
    record: (slug: string) => platform.operator.registry.findBySlug(slug),
    /** This code's migrations and more. */
    later: (...more: Later[]): readonly Migration[] => migrationsFolder(folder(), more),
    run: (input: MigrateTenants) => migrateTenants({ ctx: platform.operator, input }),
    async columnsOf(slug: string): Promise<string[]> {
      const rows = await inDatabase<{ name: string }>(
        slug,
        `select attname as name from pg_attribute
         where attrelid = 'pay.users'::regclass and attnum > 0 and not attisdropped`,
      );
      return rows.map(({ name }) => name);
    },
  };
}

export const outcomes = (migrated: { tenants: readonly { slug: string; outcome: string }[] }) =>
  migrated.tenants.map(({ slug, outcome }) => `${slug} ${outcome}`);
