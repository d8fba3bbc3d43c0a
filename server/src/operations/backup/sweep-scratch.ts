import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { quoteIdentifier } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import type { Operator } from "../operator.ts";
import { ifTenantFree } from "../tenant-lock.ts";
import { asServerAdministrator } from "./restore/load-database.ts";
import { removeCluster } from "./restore/recover-cluster.ts";
import { isClaimed, isScratchFolder, type ScratchUse, scratchFolderName } from "./scratch-folder.ts";
import type { BackupSettings } from "./settings.ts";

interface Call {
  ctx: Operator;
  settings: BackupSettings;
}

/** Something that a drill, a check, a rehearsal or a restore made for its own use. */
interface Scratch {
  /** A folder's path, or a database's name. */
  readonly name: string;
  /** Whoever works with it holds the lock of one of these: it is known by a part of an id. */
  readonly tenantIds: readonly string[];
  /** Behind those locks: whether it is there, and of use to nobody. */
  isLeft(): Promise<boolean>;
  remove(): Promise<unknown>;
}

/**
 * Removes what killed drills, checks, rehearsals and restores have left of this platform's tenants, those that are
 * gone included: folders on this machine, databases on every server that answers. What a living process works with, here
 * or elsewhere, stays, as does what an open restore goes on from, and every folder of which nobody knows whose it is.
 *
 * @returns names of what was removed
 */
export async function sweepScratch({ ctx, settings }: Call): Promise<string[]> {
  return eachLeft({ ctx, settings }, (scratch) => scratch.remove());
}

/** Names of what `sweepScratch` would remove. */
export async function findLeftScratch({ ctx, settings }: Call): Promise<string[]> {
  return eachLeft({ ctx, settings }, async () => {});
}

async function eachLeft(call: Call, act: (scratch: Scratch) => Promise<unknown>): Promise<string[]> {
  const left: string[] = [];
  for (const scratch of [...(await foldersOf(call)), ...(await databasesOf(call))]) {
    const done = await ifAllFree(call.ctx, scratch.tenantIds, async () => {
      if (!(await scratch.isLeft())) return false;
      await act(scratch);
      return true;
    });
    if (done) left.push(scratch.name);
  }
  return left;
}

async function ifAllFree(
  ctx: Operator,
  [tenantId, ...others]: readonly string[],
  run: () => Promise<boolean>,
): Promise<boolean> {
  if (tenantId === undefined) return run();
  return (await ifTenantFree({ ctx, tenantId }, () => ifAllFree(ctx, others, run))) ?? false;
}

async function foldersOf({ ctx, settings }: Call): Promise<Scratch[]> {
  const { sql } = ctx.registry;
  const found = (await readdir(settings.scratchFolder).catch(() => [])).filter(isScratchFolder);
  if (found.length === 0) return [];
  // What outlives a tenant knows its id, and its restores' too.
  const known = await sql<{ use: ScratchUse; id: string; tenantId: string }[]>`
    select 'drill' as use, id::text as id, id::text as "tenantId" from tenants
    union select 'drill', tenant_id::text, tenant_id::text from deletions
    union select 'restore', detail ->> 'restore', tenant_id::text from operator_audit
      where action = 'tenant.restore_to'`;
  const owners = Map.groupBy(known, ({ use, id }) => scratchFolderName(use, id));
  return found.flatMap((folder) => {
    const its = owners.get(folder);
    // Another platform's on the same machine.
    if (!its) return [];
    const path = join(settings.scratchFolder, folder);
    return {
      name: path,
      tenantIds: [...new Set(its.map(({ tenantId }) => tenantId))],
      async isLeft() {
        if (!existsSync(path) || isClaimed(path)) return false;
        // The copy it recovered is used again, unless what was made from it is whole.
        const restores = its.filter(({ use }) => use === "restore").map(({ id }) => id);
        const open =
          await sql`select from restores where id::text = any(${restores}::text[]) and verified_at is null`;
        return open.length === 0;
      },
      remove: () => removeCluster(path),
    };
  });
}

async function databasesOf({ ctx }: Call): Promise<Scratch[]> {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers`;
  const found: Scratch[] = [];
  for (const server of [null, ...servers]) {
    const at = <T>(run: (admin: Sql) => Promise<T>) => asServerAdministrator({ ctx, server }, run);
    const there = await at((admin) => scratchDatabases(admin, ctx.address.namespace)).catch((error) => {
      if (server === null) throw error;
      // One that is down is swept another time.
      return [];
    });
    for (const { name, tenantId } of there) {
      found.push({
        name,
        tenantIds: [tenantId],
        isLeft: () => at((admin) => isDeserted(admin, name)),
        remove: () => at((admin) => admin.unsafe(`drop database if exists ${quoteIdentifier(name)}`)),
      });
    }
  }
  return found;
}

async function scratchDatabases(
  admin: Sql,
  namespace: string,
): Promise<{ name: string; tenantId: string }[]> {
  return admin<{ name: string; tenantId: string }[]>`
    select datname as name, substring(datname from '_t_([0-9a-f]{32})_')::uuid::text as "tenantId"
    from pg_database where datname ~ ${`^${namespace}_t_[0-9a-f]{32}_(drill|verify|dryrun)$`}`;
}

/** Whoever is in it is alive, whatever became of his lock. */
async function isDeserted(admin: Sql, name: string): Promise<boolean> {
  const rows = await admin`
    select from pg_database d where datname = ${name} and not exists (
      select from pg_stat_activity where datid = d.oid and backend_type = 'client backend')`;
  return rows.length > 0;
}
