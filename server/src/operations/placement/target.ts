import { errorCode, quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { migrate } from "../../database/migrate.ts";
import { latestSchemaVersion, tenantMigrations } from "../../tenant/schema.ts";
import { MoveRefused } from "../errors.ts";
import { names } from "../names.ts";
import { createRoleStatements } from "../provisioning/steps.ts";
import { hardenDatabase } from "../servers/harden-database.ts";
import { ofItsOwn } from "../servers/new-database.ts";
import { prepareServer } from "../servers/prepare-server.ts";
import { applyRoleLimits } from "../servers/role-limits.ts";
import { isReplicating, stopReplication } from "./replication.ts";
import type { Run } from "./sides.ts";

/**
 * A setting of the database names the move that made it, from before it bears its name until the switch is over:
 * nothing else is ever dropped there. Its comment names the tenant only when it is opened; no pool enters before.
 *
 * `application_name`, which every session of ours sets for itself: its owner may set it, where a setting of our own
 * takes a superuser. Moves begun by older code are marked by such a one.
 */
const markOf = ({ id }: Run["move"]) => ({ application_name: `pay.move/${id}`, "pay.move": id });

/**
 * An empty database of the tenant's own schema version and a role that may not log in, with the password it has.
 * Made anew unless rows are following already.
 *
 * @throws MoveRefused when the schema cannot be made there, or something stands in the way
 */
export async function prepareTarget(run: Run): Promise<void> {
  const { ctx, move, record, target } = run;
  await refuseUnknownSchema(run);
  await prepareServer({ adminUrl: target.url.href, namespace: ctx.address.namespace });
  await refuseWithoutPrivilege(run);
  const made = await isOurs(run);
  if (made === false) {
    throw new MoveRefused(`a database ${record.database.name} is there already, and not by this move`);
  }
  if (made && move.method !== "copy" && (await isReplicating(run))) return;
  await stopReplication(run);
  await makeRole(run);
  await makeDatabase(run);
}

/** The target's is made by this code's migrations: they must be the ones the tenant's was made by. */
async function refuseUnknownSchema({ source, record, move }: Run): Promise<void> {
  const applied = await source.database<{ version: number; checksum: string }[]>`
    select version, checksum from public.schema_migrations order by version`;
  const known = tenantMigrations().slice(0, record.schemaVersion);
  const same =
    applied.length === record.schemaVersion &&
    applied.every(({ version, checksum }, index) => {
      return known[index]?.version === version && known[index].checksum === checksum;
    });
  if (same) return;
  throw new MoveRefused(
    `${move.slug} is at schema ${applied.length}, which this build (schema ${latestSchemaVersion()}) cannot make: ` +
      "move it with the build that migrated it",
  );
}

/** Rows must arrive as they are: no trigger may write its own beside them. */
async function refuseWithoutPrivilege({ target }: Run): Promise<void> {
  const [row] = await target.admin<{ may: boolean }[]>`
    select has_parameter_privilege('session_replication_role', 'SET') as may`;
  if (row?.may) return;
  throw new MoveRefused(
    "the target's administrator may not switch triggers off while rows arrive: as a superuser there, " +
      "GRANT SET ON PARAMETER session_replication_role TO it",
  );
}

/** Whether this move made the database that bears the name there; null: none does. */
async function isOurs({ move, record, target }: Run): Promise<boolean | null> {
  const [row] = await target.admin<{ ours: boolean }[]>`
    select exists (
      select from pg_db_role_setting s
      where s.setdatabase = d.oid and s.setrole = 0 and s.setconfig && ${settingsOf(move)}
    ) as ours from pg_database d where datname = ${record.database.name}`;
  return row?.ours ?? null;
}

const settingsOf = (move: Run["move"]) => Object.entries(markOf(move)).map(([name, id]) => `${name}=${id}`);

async function makeRole({ ctx, record, target }: Run): Promise<void> {
  try {
    await target.admin.unsafe(await createRoleStatements({ ctx, record, login: false }));
  } catch (error) {
    // duplicate_object: an earlier run's, never opened.
    if (errorCode(error) !== "42710") throw error;
  }
}

/** Under its own id's name, and not after a database that a restore may have called by the longest name there can be. */
const unfinishedName = ({ ctx, record }: Run) => names.beside(ctx.address.namespace, record.id, "move");

/** Marked before it has the name. */
async function makeDatabase(run: Run): Promise<void> {
  const { ctx, record, target } = run;
  const owner = names.owner(ctx.address.namespace);
  const name = quoteIdentifier(record.database.name);
  const unfinished = quoteIdentifier(unfinishedName(run));
  await target.admin.unsafe(`drop database if exists ${name} with (force)`);
  await target.admin.unsafe(`drop database if exists ${unfinished} with (force)`);
  await target.admin.unsafe(
    `create database ${unfinished} owner ${quoteIdentifier(owner)} ${await ofItsOwn(target.admin)}`,
  );
  await target.admin.unsafe(`
    revoke all on database ${unfinished} from public;
    alter database ${unfinished} set application_name = ${quoteLiteral(markOf(run.move).application_name)};
    alter database ${unfinished} rename to ${name}`);
  await migrate({
    sql: target.database,
    migrations: tenantMigrations().slice(0, record.schemaVersion),
    owner,
    variables: { tenants: names.tenants(ctx.address.namespace) },
  });
  await hardenDatabase(target.database, owner);
}

/** Whole and verified: the tenant's role may enter. Nobody is sent there before the next step. */
export async function openTarget({ record, target }: Run): Promise<void> {
  const [name, role] = [quoteIdentifier(record.database.name), quoteIdentifier(record.database.role)];
  await target.admin.unsafe(`
    grant connect on database ${name} to ${role};
    comment on database ${name} is ${quoteLiteral(record.id)};
    alter role ${role} login`);
}

/** After the switch it is a database like any other. */
export async function unmarkTarget({ move, record, target }: Run): Promise<void> {
  const marks = await target.admin<{ setting: string }[]>`
    select split_part(setting, '=', 1) as setting
    from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) as setting
    where datname = ${record.database.name} and setrole = 0 and setting = any(${settingsOf(move)})`;
  const name = quoteIdentifier(record.database.name);
  for (const { setting } of marks) {
    await target.admin.unsafe(`alter database ${name} reset ${quoteIdentifier(setting)}`);
  }
}

/** Connections of its role, by the tier it has since the switch. */
export async function limitRole({ ctx, move }: Pick<Run, "ctx" | "move">): Promise<void> {
  const record = await ctx.registry.findById(move.tenantId);
  if (record) await applyRoleLimits({ ctx, record });
}

/** Of a move that goes no further. What another made there is left alone. */
export async function dropTarget(run: Run): Promise<void> {
  const { record, target } = run;
  const { name, role } = record.database;
  const made = await isOurs(run);
  if (made === false) return;
  if (made) await target.admin.unsafe(`drop database ${quoteIdentifier(name)} with (force)`);
  await target.admin.unsafe(`drop database if exists ${quoteIdentifier(unfinishedName(run))} with (force)`);
  await target.admin.unsafe(`drop role if exists ${quoteIdentifier(role)}`);
}
