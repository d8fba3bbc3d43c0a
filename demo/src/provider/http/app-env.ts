import type { HttpBindings } from "@hono/node-server";
import type { Context, MiddlewareHandler } from "hono";
import type { Account } from "../accounts/accounts.ts";
import type { ProviderConfig } from "../config.ts";
import type { Sql } from "../database/database.ts";

/** What every route needs. */
export interface Services {
  sql: Sql;
  config: ProviderConfig;
  timings: Timings;
  /** Tells the webhook queue that there may be news. */
  wake: () => void;
  /** Aborts when the process is about to stop: waiting answers give up. */
  stopping: AbortSignal;
}

export interface Timings {
  /** Before the connection of an answer that never comes is broken. */
  hangMs: number;
  /** Before a late answer comes. */
  lateMs: number;
}

export interface AppEnv {
  Bindings: HttpBindings;
  Variables: { account: Account };
}

export type Call = Context<AppEnv>;
export type Guard = MiddlewareHandler<AppEnv>;
