import { type EmbeddedPostgres, startEmbeddedPostgres } from "@clarity/server/embedded-postgres";
import postgres from "postgres";

export interface DatabaseServer {
  adminUrl: string;
  stop(): Promise<void>;
}

/**
 * PostgreSQL for the demo: a server of the operator's own when `url` names one, else the one from npm,
 * which is started again when it dies.
 */
export async function startDatabaseServer(options: {
  url: string | undefined;
  dataDir: string;
  port: number;
  logFile: string;
  report: (line: string) => void;
}): Promise<DatabaseServer> {
  if (options.url) {
    await checkOwnServer(options.url);
    return { adminUrl: options.url, stop: async () => {} };
  }
  const { dataDir, port, logFile, report } = options;
  const start = () => startEmbeddedPostgres({ dataDir, port, logFile });
  let current: EmbeddedPostgres = await start();
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();

  const watch = (server: EmbeddedPostgres) =>
    server.crashed.catch(() => {
      if (stopping) return;
      report("postgres ended: starting it again");
      restarting = revive();
    });
  const revive = async () => {
    while (!stopping) {
      try {
        current = await start();
        watch(current);
        return;
      } catch (error) {
        report(`postgres does not start: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  };
  watch(current);
  return {
    adminUrl: current.url,
    async stop() {
      stopping = true;
      await restarting;
      await current.stop();
    },
  };
}

/** @throws Error that names DATABASE_URL, never its password, when the demo cannot live there. */
async function checkOwnServer(url: string): Promise<void> {
  const needed = "it must name a PostgreSQL 15 or newer and a role that may create databases and roles";
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`DATABASE_URL is no URL such as postgres://role:password@host/database: ${needed}`);
  }
  const sql = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
  try {
    const [role] = await sql`
      select current_setting('server_version_num')::int >= 150000 as recent,
        rolsuper or (rolcreatedb and rolcreaterole) as able
      from pg_roles where rolname = current_user`;
    if (!role?.recent) throw new Error("that server is older");
    if (!role.able) throw new Error("that role may not");
  } catch (cause) {
    throw new Error(`DATABASE_URL does not do, ${(cause as Error).message}: ${needed}`, { cause });
  } finally {
    await sql.end({ timeout: 1 });
  }
}
