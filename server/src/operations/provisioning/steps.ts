import { setTimeout as delay } from "node:timers/promises";
import { compileTheme, presets } from "@clarity/themes";
import { auditName } from "../../actor/actor.ts";
import { openTenantKeys } from "../../crypto/tenant-keys.ts";
import { errorCode, quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { scramVerifier } from "../../database/scram.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { sessionLimits } from "../../tenant/role-defaults.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { operatorSession } from "../operator-session.ts";
import { roleLimits } from "../servers/role-limits.ts";
import { asAdministrator } from "../servers/tenant-server.ts";
import type { Creation } from "./new-tenant.ts";
import { refuseOther } from "./register-tenant.ts";
import { templates } from "./templates.ts";

export interface Step {
  ctx: Operator;
  creation: Pick<Creation, "record">;
}

/**
 * Ahead of other statements in one message, so in one transaction with them: two creations of one tenant
 * take turns. PostgreSQL itself answers two at once with "tuple concurrently updated".
 */
const inTurn = (tenantId: string) =>
  `select pg_advisory_xact_lock(hashtextextended(${quoteLiteral(tenantId)}, 0))`;

/** A login role that can do nothing yet. */
export async function createRole({ ctx, creation: { record } }: Step): Promise<void> {
  const create = await createRoleStatements({ ctx, record, login: true });
  try {
    await asAdministrator({ ctx, record }, (admin) => admin.unsafe(`${inTurn(record.id)};${create}`));
  } catch (error) {
    // duplicate_object: an earlier try got this far, in one transaction; the password is the same.
    if (errorCode(error) !== "42710") throw error;
  }
}

/** The password stays as it is in the registry: what travels is its verifier. */
export async function createRoleStatements(input: {
  ctx: Operator;
  record: TenantRecord;
  login: boolean;
}): Promise<string> {
  const { ctx, record, login } = input;
  const { id: tenantId, dataKey, otherDataKey, database } = record;
  const { masterKey } = ctx.registry;
  const keys = await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const verifier = scramVerifier(keys.open("connection", database.password));
  const role = quoteIdentifier(database.role);
  const group = quoteIdentifier(names.tenants(ctx.address.namespace));
  const attributes = `${login ? "login" : "nologin"} password ${quoteLiteral(verifier)}`;
  return [
    `create role ${role} ${attributes} in role ${group}`,
    // Operators work with its rights; a superuser may anyway.
    `grant ${role} to current_user`,
    ...roleLimits(record),
  ].join(";");
}

/** Closed to everybody until the next step has set who may enter. */
export const createDatabase = ({ ctx, creation: { record } }: Step): Promise<void> =>
  asAdministrator({ ctx, record }, (admin) => copyTemplate({ ctx, record, admin }));

async function copyTemplate(input: { ctx: Operator; record: TenantRecord; admin: Sql }): Promise<void> {
  const { record, admin } = input;
  const { namespace } = input.ctx.address;
  const template = names.template(namespace, record.schemaVersion);
  const exists = async () => {
    const rows = await admin`select from pg_database where datname = ${record.database.name}`;
    return rows.length > 0;
  };
  try {
    await admin.unsafe(
      `create database ${quoteIdentifier(record.database.name)} template ${quoteIdentifier(template)}
       strategy wal_log owner ${quoteIdentifier(names.owner(namespace))} allow_connections false`,
    );
  } catch (error) {
    // duplicate_database, unique_violation: there, or in the making by a server process whose client
    // was killed; it finishes or rolls back by itself.
    if (!["42P04", "23505"].includes(errorCode(error))) throw error;
    for (let tries = 0; !(await exists()); tries++) {
      if (tries > 100) throw error;
      await delay(50);
    }
  }
}

/** Only the tenant's role may enter; the database's comment says whose it is, for the check at each opening. */
export async function setPrivileges({ ctx, creation: { record } }: Step): Promise<void> {
  const database = quoteIdentifier(record.database.name);
  const statements = `
    ${inTurn(record.id)};
    revoke all on database ${database} from public;
    grant connect on database ${database} to ${quoteIdentifier(record.database.role)};
    comment on database ${database} is ${quoteLiteral(record.id)};
    alter database ${database} allow_connections true`;
  await asAdministrator({ ctx, record }, (admin) => admin.unsafe(statements));
}

/**
 * First rows, with the tenant's own rights: it proves row-level security, and a look afterwards its login. Who writes the first
 * setting writes all of them, and whoever comes later must have asked for the same. Nobody does where an export's rows
 * are.
 *
 * @throws SlugTaken
 */
export async function seed({ ctx, creation }: Step & { creation: Creation }): Promise<void> {
  const { input, record } = creation;
  const { spec, hash } = themeOf(input);
  const settings = Object.entries({ "seller.name": input.name, ...templates[input.template].settings }).map(
    ([key, value]) => ({
      key,
      value,
    }),
  );
  const written = await withSession(
    await operatorSession({ ctx, record, session: sessionLimits }),
    (sql) => sql`
      with setting as (
        insert into pay.settings (tenant_id, key, value)
        select ${record.id}, key, value from jsonb_to_recordset(${sql.json(settings)}) as s (key text, value jsonb)
        where not exists (${importInto(sql, record)})
        on conflict do nothing
        returning key, tenant_id
      ), first as (
        select tenant_id from setting where key = 'seller.name'
      ), theme as (
        insert into pay.themes (tenant_id, hash, spec, published_at)
        select tenant_id, ${hash}, ${sql.json(spec)}, now() from first
        returning 1
      ), admin as (
        insert into pay.users (tenant_id, email, role) select tenant_id, ${input.adminEmail}, 'owner' from first
        returning tenant_id
      )
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(ctx.actor)}, 'tenant.create', ${record.slug}, ${sql.json({ template: input.template })}
      from admin, (select count(*) from theme) themed
      returning id`,
  );
  if (written.length === 0) return refuseOtherRows({ ctx, creation });
  await asTenant({ ctx, record }, (sql) => sql`select from pay.users`);
}

/**
 * Asked by whoever did not write the first rows: another has, of the same input?
 *
 * @throws SlugTaken
 */
export async function refuseOtherRows({
  ctx,
  creation: { input, record },
}: Step & { creation: Creation }): Promise<void> {
  const { hash } = themeOf(input);
  const [there] = await asTenant(
    { ctx, record },
    (sql) => sql<{ origin: boolean; admin: boolean; theme: boolean }[]>`
      select not exists (${importInto(sql, record)}) as origin,
        exists (select from pay.users where lower(email) = lower(${input.adminEmail}) and role = 'owner') as admin,
        exists (select from pay.themes where hash = ${hash}) as theme`,
  );
  refuseOther(record, { ...there });
}

function themeOf({ theme, template }: Creation["input"]) {
  const spec = presets[theme ?? templates[template].theme];
  return { spec, hash: compileTheme(spec).hash };
}

/** The row that says so when an export's rows are in the tenant's database. */
const importInto = (sql: Sql, { id }: TenantRecord) =>
  sql`select from pay.audit_log where action = 'tenant.import' and detail ->> 'into' = ${id}`;

async function asTenant<T>(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  run: (sql: Sql) => PromiseLike<T>,
): Promise<T> {
  const url = await connectionUrl({ registry: ctx.registry, record });
  return withSession(
    connect({ url, max: 1, session: { ...sessionLimits, "app.tenant_id": record.id } }),
    run,
  );
}

async function withSession<T>(sql: Sql, run: (sql: Sql) => PromiseLike<T>): Promise<T> {
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** One statement: no archive is asked for what the tenant was before this instant, so none is active without it. */
export async function activate({ ctx, creation: { record } }: Step): Promise<void> {
  await ctx.registry.sql`
    with tenant as (
      update tenants set status = 'active', updated_at = clock_timestamp()
      where id = ${record.id} and status = 'creating' returning id
    )
    insert into provisioning_steps (tenant_id, step) select id, ${activate.name} from tenant`;
}

/** For people to look at: nothing depends on it, so no step waits for it and its loss is none. */
export const recordStep = (input: { ctx: Operator; record: TenantRecord; step: string }) =>
  input.ctx.registry.sql`
    with quick as (select set_config('synchronous_commit', 'off', true))
    insert into provisioning_steps (tenant_id, step) select ${input.record.id}, ${input.step} from quick
    on conflict do nothing`.catch(() => {});
