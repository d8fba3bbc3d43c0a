import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import type { Context, Job } from "../../context/context.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { migrate } from "../../database/migrate.ts";
import type { Hooks } from "../../hooks/pipeline.ts";
import { FakeProvider } from "../../providers/fake.ts";
import type { FlagKey } from "../../tenant/flags/definitions.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { SettingKey } from "../../tenant/settings.ts";
import type { TenantDb } from "../../tenant/tenant-db.ts";
import { testDatabase } from "../../testing/postgres.ts";
import { createContext, openTenantDb } from "./context.ts";

const customer = "C-1";

/** One database with the tenant schema, and tenants of their own in it. */
export async function createWorld() {
  const database = await testDatabase();
  const admin = connect({ url: database.url, max: 3 });
  const group = `payers_${randomUUID().slice(0, 8)}`;
  const password = randomUUID();
  await admin.unsafe(`create role ${group} login password '${password}'`);
  await migrate({ sql: admin, migrations: tenantMigrations(), variables: { tenants: group } });
  const url = new URL(database.url);
  url.username = group;
  url.password = password;
  const opened: Sql[] = [];

  return {
    admin,
    /** What another process needs to reach the same tenant. */
    url: url.href,
    tenant(options: TenantOptions = {}) {
      const tenant = createTenant({ admin, url: url.href, ...options });
      opened.push(tenant.sql);
      return tenant;
    },
    /** As an operator has it: only such a session writes in an operator's name. */
    operatorDb(tenantId: string): TenantDb {
      const { db, sql } = openTenantDb(database.url, tenantId, group);
      opened.push(sql);
      return db;
    },
    /**
     * Does `wait` while another transaction has the row; as soon as it waits, that one writes to the audit log
     * and ends. A deadlock when `wait` has the log by then.
     */
    async whoWaitsFor<T>(
      row: { table: "invoices" | "attempts"; id: string },
      wait: () => Promise<T>,
    ): Promise<T> {
      const { waiting } = await admin.begin(async (holder) => {
        await holder`select from ${holder(`pay.${row.table}`)} where id::text = ${row.id} for update`;
        const waiting = wait();
        waiting.catch(() => {});
        await vi.waitUntil(async () => {
          const [{ n }] = await admin<[{ n: number }]>`
            select count(*)::int as n from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()`;
          return n > 0;
        }, 20_000);
        await holder`
          insert into pay.audit_log (tenant_id, actor, action, subject) values (${randomUUID()}, 'a', 'b', 'c')`;
        return { waiting };
      });
      return waiting;
    },
    async close() {
      await Promise.all(opened.map((sql) => sql.end({ timeout: 1 })));
      await admin.end();
      await database.close();
    },
  };
}

export interface TenantOptions {
  /** Posts captures to an ERP; default true. */
  erp?: boolean;
  hooks?: Hooks;
  settings?: Partial<Record<SettingKey, unknown>>;
  flags?: Partial<Record<FlagKey, boolean>>;
}

export type TestTenant = ReturnType<typeof createTenant>;

function createTenant({
  admin,
  url,
  erp = true,
  hooks = {},
  settings = {},
  flags = {},
}: TenantOptions & { admin: Sql; url: string }) {
  const id = randomUUID();
  const provider = new FakeProvider();
  const { db, sql } = openTenantDb(url, id);
  const wakes: Job[] = [];
  const ctx = createContext({
    db,
    provider,
    hooks,
    settings: { ...(erp && { connector: erpSettings }), ...settings },
    flags,
  });
  const context: Context = { ...ctx, wake: async (jobs) => void wakes.push(...jobs) };

  return {
    id,
    provider,
    wakes,
    sql,
    ctx: context,
    customer,
    /** Adds an invoice and answers its id. */
    async invoice(openMinor: bigint, { currency = "USD", customerId = customer } = {}) {
      const invoiceId = `inv-${randomUUID().slice(0, 8)}`;
      await admin`
        insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor,
          issued_on, due_on, synced_at)
        values (${id}, ${invoiceId}, ${customerId}, ${`N-${invoiceId}`}, ${currency}, ${openMinor}, ${openMinor},
          '2026-01-01', '2026-02-01', now() - interval '1 hour')`;
      return invoiceId;
    },
    /** Open, held and settled of an invoice. */
    async balance(invoiceId: string): Promise<[bigint, bigint, bigint]> {
      const [row] = await admin`
        select open_minor, held_minor, settled_minor from pay.invoices where tenant_id = ${id} and id = ${invoiceId}`;
      return [row?.open_minor, row?.held_minor, row?.settled_minor];
    },
    async payments() {
      return admin`select * from pay.payments where tenant_id = ${id} order by created_at`;
    },
    async attempts() {
      return admin`select * from pay.attempts where tenant_id = ${id} order by created_at`;
    },
    async ledger() {
      return admin`select * from pay.ledger_entries where tenant_id = ${id} order by id`;
    },
    async outbox() {
      return admin`select * from pay.outbox where tenant_id = ${id} order by kind`;
    },
    async audit() {
      const rows = await admin`select action from pay.audit_log where tenant_id = ${id} order by id`;
      return rows.map((row) => row.action as string);
    },
    async declines() {
      return admin`select * from pay.declines where tenant_id = ${id} order by subject`;
    },
    /** As if `seconds` had passed for every attempt and decline: leases and pauses run out, ages grow. */
    async age(seconds: number) {
      const shift = `${seconds} seconds`;
      await admin`
        update pay.attempts set created_at = created_at - ${shift}::interval,
          leased_until = leased_until - ${shift}::interval, next_check_at = next_check_at - ${shift}::interval,
          capture_failed_at = capture_failed_at - ${shift}::interval
        where tenant_id = ${id}`;
      await admin`
        update pay.declines set at = at - ${shift}::interval, wait_until = wait_until - ${shift}::interval,
          coarse_until = coarse_until - ${shift}::interval, slowed_at = slowed_at - ${shift}::interval
        where tenant_id = ${id}`;
    },
  };
}

export const erpSettings = {
  id: "netsuite",
  baseUrl: "https://erp.test",
  clientId: "c",
  certificateId: "c",
  algorithm: "ES256",
  depositAccountId: "1",
  concurrency: 1,
};
