import { Counter } from "prom-client";
import type { Context } from "../../context/context.ts";
import { quoteIdentifier } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import type { Chore } from "../../outbox/chores.ts";
import { roleDefaults, setDefaults } from "../../tenant/role-defaults.ts";
import { liftedOf, longestTransactionS, type RoleSetting } from "./role-bounds.ts";

/** Alert on any increase. */
const trespasses = new Counter({
  name: "tenant_role_trespasses_total",
  help: "Times the worker found a tenant's database role with its bounds lifted, or its sessions past them, and ended that.",
});

/** How long it may go on, beside the sweep's own turns, ms. */
const everyMs = 20_000;
/** While a backup reads its snapshot through the role, s. */
const longestBackupS = 12 * 3_600;
/** A transaction that is open keeps notifications in the queue that all databases share: of a full one, s. */
const whileQueueFillsS = 2;

/**
 * What PostgreSQL cannot refuse a role: `SET`, `ALTER ROLE` of itself, `NOTIFY`. Whoever has a tenant's password can lift
 * its time-outs with the first two, and stay in a transaction for as long as it likes; with the last, fill what other
 * databases need. The worker looks through the role itself, which may end its own sessions and set its own bounds back.
 * A password that was changed keeps it out: servers say `tenant_unavailable`, and `clarity doctor` why.
 */
export const createRoleWatchdog = ({ registry }: { registry: Sql }): Chore => ({
  name: "watch the role",
  everyMs,
  async run(ctx) {
    await endLong({ ctx, registry });
    await setBack(ctx);
  },
});

async function endLong({ ctx, registry }: { ctx: Context; registry: Sql }): Promise<void> {
  const { db, tenant, log } = ctx;
  const backups = await registry`
    select from backups where tenant_id = ${tenant.id} and finished_at is null and failed_at is null
      and started_at > clock_timestamp() - make_interval(secs => ${longestBackupS}) limit 1`;
  const longestS = backups.length > 0 ? longestBackupS : longestTransactionS;
  const ended = await db.query<{ tenant_id: string; pid: number; open_s: number }>`
    with mine as (
      select pid, extract(epoch from clock_timestamp() - xact_start)::int as open_s
      from pg_stat_activity
      where usename = current_user and backend_type = 'client backend' and pid <> pg_backend_pid()
        and xact_start < clock_timestamp() - make_interval(secs =>
          case when pg_notification_queue_usage() > 0.1 then ${whileQueueFillsS}::int else ${longestS}::int end)
    )
    select ${tenant.id}::uuid as tenant_id, pid, open_s from mine where pg_terminate_backend(pid)`;
  for (const { pid, open_s: openS } of ended) {
    trespasses.inc();
    log.fatal({ tenantId: tenant.id, pid, openS }, "a session of the tenant's role was past its bounds");
  }
}

async function setBack({ db, tenant, log }: Context): Promise<void> {
  const settings = await db.query<{ tenant_id: string } & RoleSetting>`
    select ${tenant.id}::uuid as tenant_id, d.datname as database, unnest(s.setconfig) as setting
    from pg_db_role_setting s join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
    where r.rolname = current_user`;
  const lifted = liftedOf(settings);
  if (lifted.length === 0) return;
  trespasses.inc();
  log.fatal(
    { tenantId: tenant.id, lifted },
    "the tenant's role has lifted its bounds: clarity tenant repair-role",
  );
  const statement = (text: string) =>
    db.query(Object.assign([text], { raw: [text] }) as unknown as TemplateStringsArray);
  await statement("alter role current_user reset all");
  for (const database of new Set(settings.flatMap(({ database }) => database ?? []))) {
    await statement(`alter role current_user in database ${quoteIdentifier(database)} reset all`);
  }
  const known = await db.query<{ tenant_id: string; name: string }>`
    select ${tenant.id}::uuid as tenant_id, name from unnest(${Object.keys(roleDefaults)}::text[]) as d (name)
    where current_setting(name, true) is not null`;
  for (const set of setDefaults({ names: known.map(({ name }) => name) })) await statement(set);
}
