import type { Ring } from "./rings.ts";

/** What a run did with one tenant. */
export interface MigratedTenant {
  readonly slug: string;
  readonly ring: Ring;
  readonly from: number;
  /** What its database is at now, as far as is known. */
  readonly to: number;
  /**
   * - `done` at the target
   * - `failed` not now, such as a database that is down; the next run tries it again
   * - `parked` its migration fails; left alone until `clarity migrate retry`
   * - `pinned`, `moving` left alone for now
   * - `held` brought as far as older code in service allows
   * - `unfinished` half made, which its creation brings forward, or half destroyed
   */
  readonly outcome: "done" | "failed" | "parked" | "pinned" | "moving" | "held" | "unfinished";
  /** Why it failed or is parked. Never a row's values. */
  readonly error: string | null;
  /** Why it is not at the target although nothing failed. */
  readonly waits: string | null;
}

/** What the registry is to be told of it. */
export interface Result {
  readonly tenantId: string;
  /** What was migrated; should the tenant have moved meanwhile, an old copy. */
  readonly place: { readonly server: string | null; readonly database: string };
  readonly tenant: MigratedTenant;
  /** null: as it was. */
  readonly contractVersion: number | null;
  /** true, false: parked now, not any more; null: as it was. */
  readonly parked: boolean | null;
}

export const isFailure = ({ outcome }: Pick<MigratedTenant, "outcome">): boolean =>
  outcome === "failed" || outcome === "parked";
