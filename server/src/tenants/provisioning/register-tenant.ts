import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { createDataKey, openTenantKeys } from "../../crypto/tenant-keys.ts";
import { errorCode } from "../../database/client.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { objectionTo } from "../placement/fit-instance.ts";
import { lastContract, latestSchemaVersion, tenantMigrations } from "../schema.ts";
import { names } from "./names.ts";
import type { NewTenant } from "./new-tenant.ts";
import type { Operator } from "./operator.ts";

/** Another tenant has the slug. */
export class SlugTaken extends Error {
  override readonly name = "SlugTaken";
}

/** Another tenant answers at the host. */
export class HostTaken extends Error {
  override readonly name = "HostTaken";
}

/** Nobody says that it is the instance the tenant shall live at, or it is one that cannot serve a new tenant. */
class InstanceUnfit extends Error {
  override readonly name = "InstanceUnfit";
}

/** What the registry is told of a new tenant; the rest of `NewTenant` becomes its first rows. */
type Registration = Pick<
  z.output<typeof NewTenant>,
  "slug" | "name" | "template" | "tier" | "baseDomain" | "hosts"
> &
  Partial<Pick<z.output<typeof NewTenant>, "databaseServer" | "instance">> & {
    /** Of the database that will be made. Default this code's last. */
    schemaVersion?: number;
  };

/**
 * The tenant's row, in status `creating`, with everything later steps need: ids, names, the login
 * role's password, the data key, reserved hosts. Its absence means nothing was made yet.
 *
 * @returns the row of an earlier try when slug, name and template are the same
 * @throws SlugTaken, HostTaken, InstanceUnfit
 */
export async function registerTenant({
  ctx,
  input,
  id,
}: {
  ctx: Operator;
  input: Registration;
  id: string;
}): Promise<TenantRecord> {
  const { sql, masterKey } = ctx.registry;
  const before = await loadTenant(sql, { slug: input.slug });
  if (before) return sameTenant(before, input);
  const { schemaVersion = latestSchemaVersion() } = input;
  const contractVersion = lastContract(tenantMigrations(), schemaVersion);
  if (input.instance) {
    const newcomer = { slug: input.slug, pin: null, schemaVersion, contractVersion };
    const objection = await objectionTo({ ctx, record: newcomer, audience: input.instance });
    if (objection) throw new InstanceUnfit(objection);
  }

  const dataKey = await createDataKey({ tenantId: id, masterKey });
  const keys = await openTenantKeys({ tenantId: id, dataKey, masterKey });
  const password = keys.seal("connection", randomBytes(24).toString("base64url"));
  const database = names.tenant(ctx.address.namespace, id);
  const hosts = [...new Set([`${input.slug}.${input.baseDomain}`, ...input.hosts])];
  try {
    await sql`
      with tenant as (
        insert into tenants (id, slug, name, template, tier, database_name, login_role, connection_secret,
          connection_key_version, data_key, data_key_version, schema_version, contract_version,
          database_server, upstream)
        values (${id}, ${input.slug}, ${input.name}, ${input.template}, ${input.tier}, ${database}, ${database},
          ${password.ciphertext}, ${password.keyVersion}, ${dataKey.wrapped}, ${dataKey.version},
          ${schemaVersion}, ${contractVersion},
          ${input.databaseServer ?? null}, ${input.instance ?? null})
        returning id
      ), audit as (
        insert into operator_audit (operator, action, tenant_id, detail)
        select ${ctx.name}, 'tenant.create', id, ${sql.json({ slug: input.slug, template: input.template })} from tenant
      )
      insert into hosts (host, tenant_id) select host, id from tenant, unnest(${hosts}::text[]) as host`;
  } catch (error) {
    if (errorCode(error) === "23503") {
      throw new Error(`no database server ${input.databaseServer}: clarity database-server list shows them`);
    }
    if (errorCode(error) !== "23505") throw error;
    const meanwhile = await loadTenant(sql, { slug: input.slug });
    if (meanwhile) return sameTenant(meanwhile, input);
    throw new HostTaken(`one of ${hosts.join(", ")} belongs to another tenant`, { cause: error });
  }
  const record = await loadTenant(sql, { id });
  if (!record) throw new Error(`tenant ${id} vanished from the registry`);
  return record;
}

function sameTenant(record: TenantRecord, input: Registration): TenantRecord {
  const { name, template, status, database } = record;
  // A finished tenant may have moved since.
  const samePlace =
    status !== "creating" || (database.server?.name ?? null) === (input.databaseServer ?? null);
  if (name === input.name && template === input.template && status !== "deleting" && samePlace) return record;
  throw new SlugTaken(
    `${input.slug} is taken by ${JSON.stringify(record.name)} (${record.template}, ${record.status})`,
  );
}
