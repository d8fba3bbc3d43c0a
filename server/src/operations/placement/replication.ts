import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { scramVerifier } from "../../database/scram.ts";
import { remoteTls } from "../../database/tls.ts";
import { names } from "../names.ts";
import { tablesOf } from "./compare-tables.ts";
import { type Run, replicationName } from "./sides.ts";

/** Between two looks at how far it is, ms. */
const lookEveryMs = 10;
/** Nothing is written any more, so what is left to follow is little, ms. */
const catchUpMs = 30_000;

/** Why rows cannot follow while the tenant is served; null: they can. */
export async function objectionToReplication({ source, target }: Run): Promise<string | null> {
  const [row] = await source.admin<{ level: string; super: boolean }[]>`
    select current_setting('wal_level') as level, rolsuper as super from pg_roles where rolname = current_user`;
  if (row?.level !== "logical") return `the source's wal_level is ${row?.level}, not logical`;
  const [there] = await target.admin<{ super: boolean }[]>`
    select rolsuper as super from pg_roles where rolname = current_user`;
  if (!row.super || !there?.super) return "it needs superusers on both sides";
  if (remoteTls(source.url.href) === null) {
    return "a file that the source's URL names for TLS is on this machine, and the target would connect to it";
  }
  // Without a key an update at the source would fail once it is published.
  const [keyless] = await source.database<{ name: string }[]>`
    select relname as name from pg_class c
    where relnamespace = 'pay'::regnamespace and relkind in ('r', 'p')
      and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)`;
  return keyless ? `table ${keyless.name} has no primary key` : null;
}

/** Whether both ends are there and the source still holds what the target has not seen. */
export async function isReplicating(run: Run): Promise<boolean> {
  const name = replicationName(run);
  const subscribed = await run.target.database`select from pg_subscription where subname = ${name}`;
  const held = await run.source.admin`
    select from pg_replication_slots where slot_name = ${name} and wal_status <> 'lost'`;
  return subscribed.length > 0 && held.length > 0;
}

/** Tables, named one by one, and a role that may read them and nothing else. */
export async function startReplication(run: Run): Promise<void> {
  const { ctx, source, target } = run;
  const name = quoteIdentifier(replicationName(run));
  if (await isReplicating(run)) {
    await target.database.unsafe(`alter subscription ${name} enable`);
    return;
  }
  const password = randomBytes(24).toString("base64url");
  const tables = (await tablesOf(source.database)).map(({ table }) => `pay.${quoteIdentifier(table)}`);
  const owner = quoteIdentifier(names.owner(ctx.address.namespace));
  await source.database.unsafe(`
    create role ${name} login replication bypassrls password ${quoteLiteral(scramVerifier(password))};
    grant connect on database ${quoteIdentifier(run.record.database.name)} to ${name};
    grant usage on schema pay to ${name};
    grant select on all tables in schema pay to ${name};
    create publication ${name} for table ${tables.join(", ")};
    alter publication ${name} owner to ${owner}`);
  await target.database.unsafe(`
    create subscription ${name} connection ${quoteLiteral(connectionString(run, password))}
    publication ${name} with (copy_data = true, synchronous_commit = 'on', disable_on_error = true)`);
}

/** https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE */
function connectionString(run: Run, password: string): string {
  const { url } = run.source;
  const parameters: Record<string, string> = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || "5432",
    dbname: run.record.database.name,
    user: replicationName(run),
    password,
    connect_timeout: "5",
  };
  return Object.entries({ ...parameters, ...remoteTls(url.href) })
    .map(([key, value]) => `${key}='${value.replace(/['\\]/g, "\\$&")}'`)
    .join(" ");
}

/** Waits until every table was copied and what was written meanwhile has arrived. The tenant is served. */
export async function waitForCopy(run: Run): Promise<void> {
  const name = replicationName(run);
  for (;;) {
    await refuseBroken(run);
    const [row] = await run.target.database<{ copying: number }[]>`
      select count(*)::int as copying from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid
      where s.subname = ${name} and r.srsubstate <> 'r'`;
    if (row?.copying === 0) break;
    await delay(lookEveryMs);
  }
  await untilArrived(run);
  // Or the first statements there would be planned for empty tables.
  await run.target.database.unsafe("analyze");
}

/** The last of it. @throws Error when it takes longer than 30 s */
export const catchUp = (run: Run): Promise<void> => untilArrived(run, Date.now() + catchUpMs);

async function untilArrived(run: Run, deadline = Number.POSITIVE_INFINITY): Promise<void> {
  const { source } = run;
  const name = replicationName(run);
  // Written to disk, and with it all before it: only that is sent.
  await source.database`select pg_logical_emit_message(true, 'move', '')`;
  const [now] = await source.database<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`;
  for (;;) {
    const [slot] = await source.admin<{ arrived: boolean }[]>`
      select confirmed_flush_lsn >= ${now?.lsn ?? ""}::pg_lsn as arrived
      from pg_replication_slots where slot_name = ${name}`;
    if (slot?.arrived) return;
    await refuseBroken(run);
    if (Date.now() > deadline) throw new Error("the target does not catch up");
    await delay(lookEveryMs);
  }
}

async function refuseBroken(run: Run): Promise<void> {
  const name = replicationName(run);
  const [row] = await run.target.database<{ enabled: boolean }[]>`
    select subenabled as enabled from pg_subscription where subname = ${name}`;
  if (!row?.enabled) throw new Error("replication stopped with an error: the target server's log has it");
  const [slot] = await run.source.admin<{ lost: boolean }[]>`
    select wal_status = 'lost' as lost from pg_replication_slots where slot_name = ${name}`;
  if (!slot || slot.lost) throw new Error("the source could not keep what the target had not seen yet");
}

/** Nothing of it stays. Either side may be half done. */
export async function stopReplication(run: Run): Promise<void> {
  await unsubscribe(run);
  await unpublish(run);
}

/** The target's half; it needs no source. */
export async function unsubscribe(run: Run): Promise<void> {
  const { target, record } = run;
  const name = replicationName(run);
  const id = quoteIdentifier(name);
  const [subscribed] = await target.admin`
    select from pg_subscription s join pg_database d on d.oid = s.subdbid
    where subname = ${name} and datname = ${record.database.name}`;
  if (!subscribed) return;
  // Without its slot: that is dropped at the source, also when this database is gone.
  await target.database.unsafe(`alter subscription ${id} disable`);
  await target.database.unsafe(`alter subscription ${id} set (slot_name = none)`);
  await target.database.unsafe(`drop subscription ${id}`);
}

/** The source's half; it needs no target. A slot left over would make the source keep its log for ever. */
export async function unpublish(run: Run): Promise<void> {
  const { source } = run;
  const name = replicationName(run);
  const id = quoteIdentifier(name);
  const [role] = await source.admin`select from pg_roles where rolname = ${name}`;
  if (!role) return;
  await source.admin.unsafe(`alter role ${id} nologin`);
  await source.admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${name}`;
  // Those the target made for single tables are named after it, not after us; the database is the tenant's own.
  await source.database`
    select pg_drop_replication_slot(slot_name) from pg_replication_slots
    where database = current_database() and (slot_name = ${name} or slot_name ~ '^pg_[0-9]+_sync_')`;
  await source.database.unsafe(`drop publication if exists ${id}; drop owned by ${id}; drop role ${id}`);
}
