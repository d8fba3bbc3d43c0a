import { type EmbeddedPostgres, startEmbeddedPostgres } from "@clarity/server/embedded-postgres";

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
  if (options.url) return { adminUrl: options.url, stop: async () => {} };
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
