import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";

/**
 * What is only added to, with the columns that the servers' role gives: numbers, instants and hashes are triggers' work.
 * No other role than their owner, which nobody logs in as, could take anything from them; triggers refuse it that one too.
 */
const appendOnly: Readonly<Record<string, readonly string[]>> = {
  operator_audit: ["operator", "action", "tenant_id", "detail"],
  audit_heads: ["tenant_id", "head_id", "head_hash"],
  audit_anchors: ["tenant_id", "head_id", "head_hash"],
  log_shipments: ["log", "up_to"],
};

/**
 * Nothing in the registry's database belongs to the role that servers log in as, nor the database: who owns a table may
 * take its triggers off, who owns a schema may drop what is in it, whoever's; and a trigger of theirs would run in an
 * operator's session, which is an administrator's. A registry that was made before belonged to them and is taken over;
 * servers go on meanwhile. The job queue's schema is theirs, so operators do not look into it.
 *
 * @param admin the administrator, in the registry's database
 * @param role servers log in as it
 */
export async function ownRegistry(input: {
  admin: Pick<Sql, "unsafe">;
  database: string;
  owner: string;
  role: string;
}): Promise<void> {
  const { admin } = input;
  const [database, owner, role] = [input.database, input.owner, input.role].map(quoteIdentifier);
  const logs = quoteLiteral(`{${Object.keys(appendOnly).join()}}`);
  await admin.unsafe(`alter database ${database} owner to ${owner}`);
  // Its own schema is made by the job queue at its first start.
  await admin.unsafe(`grant connect, create on database ${database} to ${role}`);
  await admin.unsafe(`
    do $own$
    declare
      thing record;
    begin
      for thing in
        select c.oid::regclass as name, c.relname, c.relkind from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
          and c.relowner <> ${quoteLiteral(owner ?? "")}::regrole
          -- A column's sequence goes with its table.
          and not exists (select from pg_depend d
            where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i'))
      loop
        execute format('alter %s %s owner to ${escaped(owner)}',
          case thing.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
          thing.name);
        if thing.relkind = 'S' then
          execute format('grant usage on sequence %s to ${escaped(role)}', thing.name);
        else
          execute format('grant select, insert%s on %s to ${escaped(role)}',
            case when thing.relname = any (${logs}::text[]) then '' else ', update, delete' end, thing.name);
        end if;
      end loop;
      for thing in
        select p.oid::regprocedure as name from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.proowner <> ${quoteLiteral(owner ?? "")}::regrole
      loop
        execute format('alter function %s owner to ${escaped(owner)}', thing.name);
      end loop;
    end $own$`);
}

/**
 * What servers may do there, once the schema is this code's; repeatable.
 *
 * @param admin as in `ownRegistry`
 */
export async function grantServers(input: { admin: Pick<Sql, "unsafe">; role: string }): Promise<void> {
  const role = quoteIdentifier(input.role);
  await input.admin.unsafe(
    [
      "revoke create on schema public from public",
      `revoke create on schema public from ${role}`,
      `grant usage on schema public to ${role}`,
      `grant select, insert, update, delete on all tables in schema public to ${role}`,
      `revoke all on schema_migrations from ${role}`,
      `grant select on schema_migrations to ${role}`,
      `grant usage on all sequences in schema public to ${role}`,
      ...Object.entries(appendOnly).flatMap(([table, columns]) => [
        `revoke all on ${table} from ${role}`,
        `grant select, insert (${columns.join(", ")}) on ${table} to ${role}`,
      ]),
    ].join(";\n"),
  );
}

/** Within a text that is a literal's already. */
const escaped = (name = "") => name.replaceAll("'", "''").replaceAll("%", "%%");
