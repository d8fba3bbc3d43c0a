import { type MasterKey, MasterKeyMissing, MasterKeyUnavailable } from "../crypto/master-key.ts";
import { CannotDecrypt } from "../crypto/seal.ts";
import { platformKeyOwner, wrappingContext } from "../crypto/tenant-keys.ts";
import type { Sql } from "../database/connect.ts";

/**
 * What the master key in hand is to a registry:
 *
 * - `fits`: it opens something that is known
 * - `unused`: nothing is known yet that one could open
 * - `wrong`: it opens nothing of what is known: another platform's, or one made anew
 * - `missing`: there is none, and something is known
 * - `unreachable`: whoever holds it does not answer
 */
export type MasterKeyFit = "fits" | "unused" | "wrong" | "missing" | "unreachable";

/** The master key is not the one that the registry's keys were wrapped by; nothing was made under it. */
class MasterKeyWrong extends CannotDecrypt {
  override readonly name = "MasterKeyWrong";
}

/** Keys read at once. */
const page = 50;

/** The platform's key first, then the newest tenants': one that opens is enough. */
export async function masterKeyFit({
  sql,
  masterKey,
}: {
  sql: Sql;
  masterKey: MasterKey;
}): Promise<MasterKeyFit> {
  let known = 0;
  try {
    for (;;) {
      const rows = await readKnown(sql, known);
      for (const { owner, version, wrapped } of rows) {
        if (await opens({ masterKey, wrapped, context: wrappingContext(owner, version) })) return "fits";
      }
      known += rows.length;
      if (rows.length < page) return known === 0 ? "unused" : "wrong";
    }
  } catch (error) {
    if (error instanceof MasterKeyMissing) return "missing";
    if (error instanceof MasterKeyUnavailable) return "unreachable";
    throw error;
  }
}

/**
 * Asked before anything is wrapped: what is made under a stray key is lost with it, and beside what others opens it
 * looks like the truth.
 *
 * @throws MasterKeyWrong, MasterKeyMissing, MasterKeyUnavailable
 */
export async function requireMasterKey(registry: { sql: Sql; masterKey: MasterKey }): Promise<void> {
  const fit = await masterKeyFit(registry);
  if (fit === "missing") throw new MasterKeyMissing(`there is no master key here, ${advice}`);
  if (fit === "unreachable") throw new MasterKeyUnavailable("whoever holds the master key does not answer");
  if (fit === "wrong") {
    throw new MasterKeyWrong(`the master key here opens nothing that the registry knows, ${advice}`);
  }
}

const advice = "and the registry knows what another has wrapped: put back the file or key that did";

interface Known {
  owner: string;
  version: number;
  wrapped: Uint8Array;
}

/** A tenant whose destruction has begun is not opened any more, and may be under a key that is gone. */
const readKnown = (sql: Sql, offset: number) => sql<Known[]>`
  select owner, version, wrapped from (
    select ${platformKeyOwner}::text as owner, data_key_version as version, data_key as wrapped,
      'infinity'::timestamptz as made_at
    from platform_key
    union all
    select id::text, data_key_version, data_key, created_at from tenants t
    where not exists (select from deletions where tenant_id = t.id and destroying_at is not null)
  ) known
  order by made_at desc, owner limit ${page} offset ${offset}`;

async function opens(input: {
  masterKey: MasterKey;
  wrapped: Uint8Array;
  context: readonly string[];
}): Promise<boolean> {
  try {
    await input.masterKey.unwrap(input);
    return true;
  } catch (error) {
    if (error instanceof CannotDecrypt) return false;
    throw error;
  }
}
