import { quoteLiteral } from "../../database/client.ts";

/** Schemas that belong to PostgreSQL itself. */
const ours = (namespace: string) =>
  `${namespace}.nspname !~ '^pg_' and ${namespace}.nspname <> 'information_schema'`;

/** `role=privilege,privilege*` by role; `*` may grant it on. Without any, what PostgreSQL gives by default. */
const acl = (column: string, kind: string, owner: string) => `
  (select string_agg(grantee || '=' || privileges, ' ' order by grantee) from (
    select coalesce(r.rolname, 'public') as grantee,
      string_agg(a.privilege_type || case when a.is_grantable then '*' else '' end, ','
        order by a.privilege_type) as privileges
    from aclexplode(coalesce(${column}, acldefault('${kind}', ${owner}))) a
    left join pg_roles r on r.oid = a.grantee
    where a.grantee <> ${owner}
    group by 1) grants)`;

/** Not of an extension: those are described by name and version. */
const notExtended = (catalogue: string, oid: string) => `
  not exists (select from pg_depend d
    where d.classid = '${catalogue}'::regclass and d.objid = ${oid} and d.deptype = 'e')`;

/**
 * One statement: rows of `object` and `definition`.
 *
 * NOT NULL constraints are a column's property here: PostgreSQL 18 began to name them.
 */
export function describeSchema({ owner, role }: { owner: string; role: string | null }): string {
  const parts = [
    schemas,
    relations,
    columns,
    constraints,
    indexes,
    policies,
    functions,
    triggers,
    types,
    rest,
  ];
  const words = `replace(coalesce(definition, ''), ${quoteLiteral(owner)}, ':owner')`;
  const named = role === null ? words : `replace(${words}, ${quoteLiteral(role)}, ':tenant')`;
  return `
    with described (object, definition) as (${parts.join("\nunion all\n")})
    select object, ${named} as definition
    from described order by object collate "C"`;
}

const schemas = `
  select 'schema ' || n.nspname, concat_ws(' | ', pg_get_userbyid(n.nspowner), ${acl("n.nspacl", "n", "n.nspowner")})
  from pg_namespace n where ${ours("n")}`;

const relations = `
  select case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
      when 'm' then 'materialized view' when 'S' then 'sequence' when 'f' then 'foreign table' end
    || ' ' || n.nspname || '.' || c.relname,
    concat_ws(' | ', pg_get_userbyid(c.relowner), 'persistence ' || c.relpersistence::text,
      case when c.relrowsecurity then 'row security' end, case when c.relforcerowsecurity then 'forced' end,
      'options ' || c.reloptions::text,
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
      (select concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
        s.seqcache, s.seqcycle) from pg_sequence s where s.seqrelid = c.oid),
      case when c.relkind = 'S' then ${acl("c.relacl", "s", "c.relowner")}
        else ${acl("c.relacl", "r", "c.relowner")} end)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and ${ours("n")} and ${notExtended("pg_class", "c.oid")}`;

const columns = `
  select 'column ' || n.nspname || '.' || c.relname || '.' || a.attname,
    concat_ws(' | ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
      'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
      'default ' || pg_get_expr(d.adbin, d.adrelid),
      (select 'collate ' || l.collname from pg_collation l
        where l.oid = a.attcollation and l.collname <> 'default'),
      case when a.attacl is not null then ${acl("a.attacl", "c", "c.relowner")} end)
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped and ${ours("n")}
    and ${notExtended("pg_class", "c.oid")}`;

const constraints = `
  select 'constraint ' || n.nspname || '.' || coalesce(c.relname, t.typname) || '.' || k.conname,
    concat_ws(' | ', pg_get_constraintdef(k.oid), case when not k.convalidated then 'not valid' end)
  from pg_constraint k
  join pg_namespace n on n.oid = k.connamespace
  left join pg_class c on c.oid = k.conrelid left join pg_type t on t.oid = k.contypid
  where k.contype <> 'n' and ${ours("n")}`;

const indexes = `
  select 'index ' || n.nspname || '.' || c.relname,
    concat_ws(' | ', pg_get_indexdef(i.indexrelid), case when not i.indisvalid then 'invalid' end)
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where ${ours("n")}`;

const policies = `
  select 'policy ' || schemaname || '.' || tablename || '.' || policyname,
    concat_ws(' | ', permissive, cmd, array_to_string(roles, ','), 'using ' || qual, 'check ' || with_check)
  from pg_policies where ${ours("pg_policies").replaceAll("nspname", "schemaname")}`;

const functions = `
  select 'function ' || n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    concat_ws(' | ', pg_get_userbyid(p.proowner),
      case when p.prokind = 'a' then pg_get_function_result(p.oid) else pg_get_functiondef(p.oid) end,
      ${acl("p.proacl", "f", "p.proowner")})
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where ${ours("n")} and ${notExtended("pg_proc", "p.oid")}`;

const triggers = `
  select 'trigger ' || n.nspname || '.' || c.relname || '.' || t.tgname,
    pg_get_triggerdef(t.oid) || ' | ' || t.tgenabled::text
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  where not t.tgisinternal and ${ours("n")}
  union all
  select 'rule ' || schemaname || '.' || tablename || '.' || rulename, definition
  from pg_rules where ${ours("pg_rules").replaceAll("nspname", "schemaname")}`;

const types = `
  select 'type ' || n.nspname || '.' || t.typname,
    concat_ws(' | ', pg_get_userbyid(t.typowner), t.typtype, format_type(nullif(t.typbasetype, 0), t.typtypmod),
      t.typdefault, case when t.typnotnull then 'not null' end,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      ${acl("t.typacl", "T", "t.typowner")})
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd', 'r') and ${ours("n")} and ${notExtended("pg_type", "t.oid")}`;

const rest = `
  select 'extension ' || e.extname, e.extversion from pg_extension e
  union all
  select 'default privileges ' || pg_get_userbyid(d.defaclrole) || ' ' || coalesce(n.nspname, 'everywhere')
    || ' ' || d.defaclobjtype::text, d.defaclacl::text
  from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
  union all
  select 'event trigger ' || evtname, evtevent || ' | ' || evtfoid::regprocedure::text || ' | ' || evtenabled::text
  from pg_event_trigger`;
