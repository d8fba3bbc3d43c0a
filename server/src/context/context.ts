import type { Logger } from "pino";
import type { Actor } from "../actor/actor.ts";
import type { Connector } from "../connectors/connector.ts";
import type { Hooks } from "../hooks/pipeline.ts";
import type { Network } from "../network/network.ts";
import type { Provider } from "../providers/provider.ts";
import type { Flags } from "../tenant/flags/flags.ts";
import type { Settings } from "../tenant/settings.ts";
import type { TenantDb, TenantRef } from "../tenant/tenant-db.ts";

/**
 * What every verb is handed beside its input: `verb({ ctx, input })`. Made once a request or job,
 * for one tenant; there is no other way to a tenant's rows, provider or ERP.
 */
export interface Context {
  readonly tenant: TenantRef;
  readonly db: TenantDb;
  readonly settings: Settings;
  readonly flags: Flags;
  /** Built on first use from the tenant's settings; throws `SettingMissing` when none is set up. */
  provider(): Promise<Provider>;
  /** `null`: the tenant has no ERP, its invoices live here only. */
  connector(): Promise<Connector | null>;
  /** The way out to what the tenant names; adapters have it already. */
  readonly network: Network;
  readonly hooks: Hooks;
  /** Wakes the worker for rows just written; losing the wake-up loses nothing, the sweep finds them. */
  wake(jobs: readonly Job[]): Promise<void>;
  /** Who acts. Stands in the audit log (`auditName`). */
  readonly actor: Actor;
  readonly requestId: string;
  readonly log: Logger;
  now(): Date;
}

/** Ids only; the truth is in the tenant's tables. */
export type Job =
  | { kind: "outbox"; id: string; runAt?: Date }
  | { kind: "resolve_attempt"; id: string; runAt?: Date };
