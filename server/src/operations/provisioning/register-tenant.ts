import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { auditName } from "../../actor/actor.ts";
import { createDataKey, openTenantKeys } from "../../crypto/tenant-keys.ts";
import { errorCode } from "../../database/client.ts";
import { requireMasterKey } from "../../registry/master-key-fits.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { lastContract, latestSchemaVersion, tenantMigrations } from "../../tenant/schema.ts";
import { objectionTo } from "../fit-instance.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import type { NewTenant } from "./new-tenant.ts";

/** Another tenant has the slug, or one half made from other input. */
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
 * @returns the row of an earlier try: of the same registration while it is half made, later of the same slug, name
 *   and template
 * @throws SlugTaken, HostTaken, InstanceUnfit; MasterKeyWrong, MasterKeyMissing, MasterKeyUnavailable
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

  await requireMasterKey(ctx.registry);
  const dataKey = await createDataKey({ tenantId: id, masterKey });
  const keys = await openTenantKeys({ tenantId: id, dataKey, masterKey });
  const password = keys.seal("connection", randomBytes(24).toString("base64url"));
  const database = names.tenant(ctx.address.namespace, id);
  const hosts = hostsOf(input);
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
      ), host as (
        insert into hosts (host, tenant_id) select host, id from tenant, unnest(${hosts}::text[]) as host
        returning 1
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.create', id, ${sql.json({ slug: input.slug, template: input.template })}
      from tenant, (select count(*) from host) named`;
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
  const { slug, name, template, status } = record;
  if (name !== input.name || template !== input.template || status === "deleting") {
    throw new SlugTaken(`${slug} is taken by ${JSON.stringify(name)} (${template}, ${status})`);
  }
  // A finished tenant may have changed since.
  if (status === "creating") {
    refuseOther(record, {
      tier: record.tier === input.tier,
      hosts: isDeepStrictEqual([...record.hosts].sort(), hostsOf(input)),
      "database server": (record.database.server?.name ?? null) === (input.databaseServer ?? null),
      instance: record.upstream === (input.instance ?? null),
    });
  }
  return record;
}

/**
 * What a tenant was begun with stays as it is: made of both it would be neither.
 *
 * @throws SlugTaken
 */
export function refuseOther(
  { slug, status }: Pick<TenantRecord, "slug" | "status">,
  same: Readonly<Record<string, boolean>>,
): void {
  const others = Object.keys(same).filter((what) => !same[what]);
  if (others.length === 0) return;
  if (status !== "creating") {
    throw new SlugTaken(`${slug} was made meanwhile with another ${others.join(", ")}: take another slug`);
  }
  throw new SlugTaken(
    `${slug} is half made with another ${others.join(", ")}: ask again for what it was begun with, ` +
      `or end it with clarity tenant delete ${slug} --now --confirm ${slug} and begin anew`,
  );
}

const hostsOf = ({ slug, baseDomain, hosts }: Registration): string[] =>
  [...new Set([`${slug}.${baseDomain}`, ...hosts])].sort();
