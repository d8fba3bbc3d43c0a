import { openMasterKey } from "../../crypto/open-master-key.ts";
import { CannotDecrypt } from "../../crypto/seal.ts";
import type { Operator } from "../operator.ts";
import { askOfEach, contextOf, readWrappedKeys } from "./wrapped-keys.ts";

export interface MasterKeyStatus {
  /** Newest first: the first wraps, the others only unwrap. */
  readonly keys: readonly { readonly name: string; readonly madeAt: Date | null }[];
  /** Wrapped data keys: tenants' present and staged ones, and the platform's. */
  readonly dataKeys: {
    readonly underNewest: number;
    /** `clarity master-key rotate` wraps them anew; until then no older key can be retired. */
    readonly underOlder: number;
    /** Slugs of tenants whose key no master key here opens; `(platform)`: the platform's own. */
    readonly unreadable: readonly string[];
  };
}

/**
 * Which master keys there are and what depends on them. Asks the key service once for each data key; changes nothing.
 *
 * @throws MasterKeyUnavailable
 */
export async function masterKeyStatus({ ctx }: { ctx: Operator }): Promise<MasterKeyStatus> {
  const ring = openMasterKey(ctx.address);
  const all = await readWrappedKeys(ctx.registry.sql);
  const current = await askOfEach(all, (key) =>
    ring.isCurrent({ wrapped: key.wrapped, context: contextOf(key) }).catch((error) => {
      if (error instanceof CannotDecrypt) return null;
      throw error;
    }),
  );
  const slugs = new Map((await ctx.registry.list()).map(({ id, slug }) => [id, slug]));
  const owners = all.map(({ tenantId }) => (tenantId ? (slugs.get(tenantId) ?? tenantId) : "(platform)"));
  return {
    keys: await ring.keys(),
    dataKeys: {
      underNewest: current.filter((answer) => answer === true).length,
      underOlder: current.filter((answer) => answer === false).length,
      unreadable: [...new Set(owners.filter((_, index) => current[index] === null))],
    },
  };
}
