import { hasFileMasterKey, makeFileMasterKey } from "../../crypto/master-key.ts";
import { type MasterKeyPlace, masterKeyFileOf, openMasterKey } from "../../crypto/open-master-key.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { masterKeyFit, requireMasterKey } from "../../registry/master-key-fits.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import type { PlatformAddress } from "../platform-address.ts";

/**
 * Makes the key file of a platform that has sealed nothing yet. Beside anything that was sealed none is made: what
 * opens it is somewhere else, and under a second key the platform would go on as if it were whole.
 *
 * @throws MasterKeyMissing, MasterKeyWrong when the registry knows what another key has wrapped
 */
export async function ensureMasterKey({ sql, place }: { sql: Sql; place: MasterKeyPlace }): Promise<void> {
  const masterKey = openMasterKey(place);
  const fit = await masterKeyFit({ sql, masterKey });
  if (fit === "missing" || fit === "wrong") await requireMasterKey({ sql, masterKey });
  const file = fileOf(place);
  if (fit === "unused" && file && !hasFileMasterKey(file)) makeFileMasterKey(file);
}

/**
 * The same by a person's word, before the first preparation or after it.
 *
 * @throws Error when there is a key already, a key service holds it, or the registry knows any tenant
 */
export async function initMasterKey({ ctx }: { ctx: Operator }): Promise<{ file: string }> {
  const { address } = ctx;
  const file = fileOf(address);
  if (!file) throw new Error(`${address.masterKey} makes its keys itself`);
  if (hasFileMasterKey(file)) throw new Error(`there is a master key at ${file} already`);
  const prepared = await isPrepared(ctx);
  if (prepared) await withRegistry(address, (sql) => ensureMasterKey({ sql, place: address }));
  else makeFileMasterKey(file);
  if (prepared) await ctx.registry.audit({ actor: ctx.actor, action: "master_key.init", detail: { file } });
  return { file };
}

/** null: a key service has it. */
function fileOf(place: MasterKeyPlace): string | null {
  const { masterKey } = place;
  if (masterKey !== undefined && !masterKey.startsWith("file:")) return null;
  return masterKeyFileOf(place) ?? null;
}

/** By the server's own account: a registry that cannot be asked may know tenants. */
async function isPrepared({ admin, address }: Operator): Promise<boolean> {
  const registry = decodeURIComponent(new URL(address.registryUrl).pathname.slice(1));
  const [found] = await admin`select from pg_database where datname = ${registry}`;
  if (!found) await refuseOrphans({ admin, namespace: address.namespace });
  return found !== undefined;
}

/**
 * Tenants' databases without a registry are a registry that was lost.
 *
 * @throws Error
 */
export async function refuseOrphans({ admin, namespace }: { admin: Sql; namespace: string }): Promise<void> {
  const [row] = await admin<{ orphans: number }[]>`
    select count(*)::int as orphans from pg_database where starts_with(datname, ${names.tenant(namespace, "")})`;
  if (!row || row.orphans === 0) return;
  throw new Error(
    `the registry of namespace ${namespace} is gone, and ${row.orphans} tenants' databases are there: ` +
      "bring the registry's database back from its standby or backup; a new one would know none of them",
  );
}

async function withRegistry(
  { registryUrl }: PlatformAddress,
  run: (sql: Sql) => Promise<void>,
): Promise<void> {
  const sql = connect({ url: registryUrl, max: 1 });
  try {
    await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
