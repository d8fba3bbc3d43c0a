import { errorCode } from "../database/client.ts";
import type { Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnavailable } from "./errors.ts";
import type { ResultMonitor } from "./result-monitor.ts";
import { giveDefaults, otherDefaults } from "./role-defaults.ts";
import { type Route, sessionName } from "./tenant-connection.ts";
import { translate } from "./tenant-pools.ts";

/** Another process may be at it as well. */
const mostTries = 3;

/**
 * Asks a connection whose database it leads to: provisioning wrote that down in the database's comment. A
 * connection string that leads elsewhere is noticed here, before its emptiness under row-level security is taken
 * for an answer. Behind a pooler its sessions must have their role's defaults, or are given them.
 *
 * @throws IsolationBreach, TenantUnavailable
 */
export async function identify(input: {
  sql: Sql;
  record: TenantRecord;
  route: Route;
  monitor: ResultMonitor;
}): Promise<void> {
  const { record, route, monitor } = input;
  try {
    for (let tries = 1; ; tries++) {
      const { session, owner, closed, others } = await askSession(input);
      // Of a place that is being left an administrator's session would let in who took the role on.
      if (closed) throw Object.assign(new Error("the tenant's role may not log in"), { code: "28000" });
      if (others.length === 0) {
        if (session === sessionName(record.id) && owner === record.id) return;
        throw await monitor.breach(record, `the database of ${owner ?? "nobody"}`);
      }
      if (tries === mostTries) throw unlike(record, others);
      await giveDefaults({ url: route.url, record });
    }
  } catch (error) {
    throw translate(error, record.id);
  }
}

interface Session {
  session: string | null;
  owner: string | null;
  closed: boolean;
  /** Settings that are not as the role's defaults say. */
  others: string[];
}

async function askSession({ sql, route }: { sql: Sql; route: Route }): Promise<Session> {
  try {
    const [row] = await sql.unsafe<[Session]>(`
      select current_setting('application_name') as session,
        shobj_description(oid, 'pg_database') as owner,
        (select not rolcanlogin from pg_roles where rolname = current_user) as closed,
        ${route.pooled ? otherDefaults : "'{}'::text[]"} as others
      from pg_database where datname = current_database()`);
    return row;
  } catch (error) {
    // query_canceled: nobody waits for it but the server, by a default of its own.
    if (!route.pooled || errorCode(error) !== "57014") throw error;
    return { session: null, owner: null, closed: false, others: ["statement_timeout"] };
  }
}

const unlike = ({ database }: TenantRecord, others: readonly string[]) =>
  new TenantUnavailable(
    `sessions of the role ${database.role} have other defaults than it was given: ${others.join(", ")}`,
  );
