import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionUrl } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";

/** Columns, and the files of `server/src` whose statements need them. */
type Right = readonly [columns: string, ...by: string[]];
interface Rights {
  readonly insert?: Right;
  readonly update?: Right;
  /** The files alone: a row goes whole. */
  readonly delete?: readonly string[];
}

/**
 * Every right of a tenant's role to change something, and what needs it. What is not here it may not have: a migration
 * that grants more fails below until it stands here with the file whose statement does it. Never an instant of making.
 */
const justified: Record<string, Rights> = {
  attempts: {
    insert: [
      `checks, id, last_cause, leased_until, next_check_at, payment_id, provider, provider_account, provider_ref,
       return_origin, state, statement, subjects, tenant_id, token`,
      "payments/statements/claim-payment.ts",
    ],
    update: [
      `absences, capture_errors, capture_failed_at, capture_number, checks, decision, giving_back_minor, last_cause,
       leased_until, next_check_at, provider_ref, state, token`,
      "payments/statements/record-outcome.ts",
      "payments/statements/capture-key.ts",
      "payments/by-hand/lease-conflict.ts",
    ],
  },
  audit_log: {
    insert: ["action, actor, detail, subject, tenant_id", "payments/statements/claim-payment.ts"],
  },
  customers: {
    insert: [
      "email, id, name, synced_at, tenant_id",
      "invoices/sync-invoices.ts",
      "invoices/entered/enter-invoices.ts",
    ],
    update: ["email, name, synced_at", "invoices/sync-invoices.ts", "invoices/entered/enter-invoices.ts"],
  },
  declines: {
    insert: [
      "at, coarse_until, level, slowed_at, subject, tenant_id, wait_until",
      "payments/limits/declines.ts",
    ],
    update: ["at, coarse_until, level, slowed_at, wait_until", "payments/limits/declines.ts"],
    delete: ["payments/limits/declines.ts"],
  },
  embed_keys: {
    insert: [
      "algorithm, id, jwks_url, key_version, public_jwk, secret_ciphertext, tenant_id",
      "sessions/embed-keys.ts",
    ],
    update: [
      "key_version, revoked_at, secret_ciphertext",
      "sessions/embed-keys.ts",
      "operations/keys/reseal.ts",
    ],
  },
  erp_turns: {
    insert: ["holder, number, tenant_id, until", "context/erp-turns.ts"],
    update: ["holder, until", "context/erp-turns.ts"],
  },
  flag_overrides: {
    insert: ["expires_at, key, reason, set_by, tenant_id, value", "tenant/flags/overrides.ts"],
    // set_at is stamped, whatever is given.
    update: ["expires_at, reason, set_at, set_by, value", "tenant/flags/overrides.ts"],
    delete: ["tenant/flags/overrides.ts"],
  },
  invoices: {
    insert: [
      `currency, customer_id, due_on, held_minor, id, issued_on, number, open_minor, settled_minor, synced_at, tenant_id,
       total_minor`,
      "invoices/sync-invoices.ts",
      "invoices/entered/enter-invoices.ts",
    ],
    update: [
      `currency, customer_id, due_on, held_minor, issued_on, number, open_minor, settled_minor, synced_at, total_minor`,
      "invoices/sync-invoices.ts",
      "invoices/entered/enter-invoices.ts",
      "payments/statements/claim-payment.ts",
      "payments/deliveries/settle-in-erp.ts",
    ],
  },
  key_floor: {},
  ledger_entries: {
    insert: [
      "account, amount_minor, currency, invoice_id, payment_id, tenant_id",
      "payments/statements/record-outcome.ts",
    ],
  },
  login_challenges: {
    insert: [
      "code_hash, expires_at, id, link_digest, purpose, session_id, tenant_id, user_id",
      "users/start-login.ts",
    ],
    update: ["attempts, used_at", "users/finish-login.ts"],
    delete: ["users/forget-expired.ts"],
  },
  open_work: {},
  outbox: {
    // done_at is stamped, whatever is given.
    insert: [
      "done_at, due_at, id, kind, last_cause, leased_until, payment_id, result, state, tenant_id, tries",
      "payments/statements/record-outcome.ts",
      "payments/by-hand/book.ts",
    ],
    update: [
      "done_at, due_at, last_cause, leased_until, result, state, tries",
      "outbox/conclude.ts",
      "outbox/lease-row.ts",
      "outbox/replay-dead-letter.ts",
    ],
  },
  payments: {
    insert: [
      `action_url, amount_minor, card_brand, card_last4, coarse, conflict, currency, customer_id, fingerprint, id, lines,
       locale, provider_ref, reason, receipt_number, state, surcharge_minor, tenant_id, total_minor`,
      "payments/statements/claim-payment.ts",
      "payments/statements/store-refusal.ts",
    ],
    // Amounts and lines of a conflict only, updated_at is stamped, and a captured payment is final.
    update: [
      `action_url, amount_minor, captured_at, conflict, lines, provider_ref, reason, receipt_number, state,
       surcharge_minor, total_minor, updated_at`,
      "payments/statements/record-outcome.ts",
      "payments/by-hand/book.ts",
    ],
  },
  portal_sessions: {
    insert: ["device, digest, expires_at, id, tenant_id, user_id", "users/finish-login.ts"],
    update: ["ended_at, proved_at, seen_at", "users/end-session.ts"],
    delete: ["users/forget-expired.ts"],
  },
  record_faults: {
    insert: ["customer_id, kind, record, tenant_id, why", "invoices/sync-invoices.ts"],
    update: ["seen_at, why", "invoices/sync-invoices.ts"],
    delete: ["invoices/sync-invoices.ts"],
  },
  settings: {
    insert: ["ciphertext, key, key_version, tenant_id, value", "tenant/settings-store.ts"],
    // updated_at is stamped, whatever is given.
    update: ["ciphertext, key_version, updated_at, value", "tenant/settings-store.ts"],
    delete: ["tenant/settings-store.ts"],
  },
  themes: { insert: ["hash, published_at, spec, tenant_id", "operations/provisioning/steps.ts"] },
  used_tokens: {
    insert: ["claimed_by, digest, expires_at, holders, tenant_id", "sessions/claim-token.ts"],
    update: ["claimed_by, holders", "sessions/claim-token.ts"],
    delete: ["outbox/purge-used-tokens.ts"],
  },
  users: {
    insert: [
      "email, id, invited_at, joined_at, name, removed_at, role, tenant_id",
      "operations/provisioning/steps.ts",
      "users/invite.ts",
    ],
    update: ["invited_at, joined_at, name, removed_at, role", "users/change-member.ts"],
  },
  webhook_events: {
    insert: ["event_id, provider, reference, tenant_id", "payments/accept-webhook.ts"],
  },
};

let platform: TestPlatform;
/** Whoever has the tenant's password. */
let role: postgres.Sql;
/** The administrator, in the same database. */
let admin: postgres.Sql;
beforeAll(async () => {
  platform = await testPlatform();
  const { record } = await platform.createTenant("acme");
  const url = await connectionUrl({ registry: platform.operator.registry, record });
  role = postgres(url, { max: 1, onnotice: () => {}, fetch_types: false });
  const adminUrl = new URL(platform.address.adminUrl);
  adminUrl.pathname = `/${record.database.name}`;
  admin = postgres(adminUrl.href, { max: 1, onnotice: () => {}, fetch_types: false });
});
afterAll(async () => {
  await Promise.all([role.end(), admin.end()]);
  await platform.close();
});

const listed = (columns: string | null | undefined) =>
  (columns ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "")
    .sort();

test("no table lets the role change more than what is justified here, and none is left out", async () => {
  const rows = await role<
    { table: string; inserts: string | null; updates: string | null; deletes: boolean }[]
  >`
    select c.relname as table, has_table_privilege(c.oid, 'delete') as deletes,
      string_agg(a.attname, ',') filter (where has_column_privilege(c.oid, a.attnum, 'insert')) as inserts,
      string_agg(a.attname, ',') filter (where has_column_privilege(c.oid, a.attnum, 'update')) as updates
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = 'pay'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') group by c.oid, c.relname`;
  const found = rows.map(({ table, inserts, updates, deletes }) => [
    table,
    { insert: listed(inserts), update: listed(updates), delete: deletes },
  ]);
  const expected = Object.entries(justified).map(([table, rights]) => [
    table,
    {
      insert: listed(rights.insert?.[0]),
      update: listed(rights.update?.[0]),
      delete: rights.delete !== undefined,
    },
  ]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
});

test("every right is still needed by the statements it is justified with", () => {
  const source = join(import.meta.dirname, "../..");
  const missing = Object.entries(justified).flatMap(([table, rights]) =>
    [
      ["insert into", rights.insert?.slice(1) ?? []] as const,
      ["update", [...(rights.update?.slice(1) ?? [])]] as const,
      ["delete from", rights.delete ?? []] as const,
    ].flatMap(([verb, files]) =>
      files
        .filter((file) => {
          const text = readFileSync(join(source, file), "utf8");
          const plain = new RegExp(`${verb} pay\\.${table}\\b`).test(text);
          // Sealed columns are named by a list; an upsert is an update of the table that it inserts into.
          const upsert = verb === "update" && new RegExp(`insert into pay\\.${table}\\b`).test(text);
          return !(plain || upsert || file === "operations/keys/reseal.ts");
        })
        .map((file) => `${file}: no ${verb} pay.${table}`),
    ),
  );
  expect(missing).toEqual([]);
});

test("beside tables it has the receipts' numbers, one function, and no right to make anything", async () => {
  const [other] = await role`
    select (select string_agg(relname || ' ' || kind, ',' order by relname) from pg_class
        cross join unnest('{usage,update}'::text[]) as kind
        where relkind = 'S' and relnamespace in ('pay'::regnamespace, 'public'::regnamespace)
          and has_sequence_privilege(pg_class.oid, kind)) as sequences,
      (select string_agg(oid::regprocedure::text, ',') from pg_proc
        where pronamespace in ('pay'::regnamespace, 'public'::regnamespace)
          and has_function_privilege(oid, 'execute')) as functions,
      (select string_agg(nspname, ',') from pg_namespace where has_schema_privilege(oid, 'create')) as schemas,
      (select string_agg(c.oid::regclass::text, ',') from pg_class c
        where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace not in ('pay'::regnamespace, 'pg_catalog'::regnamespace)
          and (has_table_privilege(c.oid, 'insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege(c.oid, 'insert, update, references'))) as elsewhere,
      (select string_agg(c.relname, ',') from pg_class c where relnamespace = 'pay'::regnamespace
        and relkind in ('r', 'p', 'v') and (has_table_privilege(c.oid, 'truncate, references, trigger')
          or has_any_column_privilege(c.oid, 'references'))) as more,
      has_database_privilege(current_database(), 'create') as makes,
      has_database_privilege(current_database(), 'temporary') as temporary,
      (select string_agg(lanname, ',') from pg_language where lanpltrusted and has_language_privilege(oid, 'usage')
        and lanname <> 'sql') as languages`;
  expect(other).toEqual({
    sequences: "receipt_numbers usage",
    functions: "pay.current_tenant()",
    schemas: null,
    elsewhere: null,
    more: null,
    makes: false,
    temporary: false,
    languages: null,
  });
});

test("a table that a later migration makes, and says nothing of, is closed to it", async () => {
  const [owner] = await admin<{ name: string }[]>`
    select pg_get_userbyid(relowner) as name from pg_class where oid = 'pay.payments'::regclass`;
  await admin.unsafe(`set role "${owner?.name}"; create table pay.later (id int); reset role`);
  await expect(role`insert into pay.later values (1)`).rejects.toMatchObject({ code: "42501" });
  await expect(role`select from pay.later`).rejects.toMatchObject({ code: "42501" });
  await admin`drop table pay.later`;
});
