import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect } from "../database/connect.ts";
import { asUser, serverUser } from "../database/embedded/server-user.ts";
import { freePort } from "./free-port.ts";

/** Where `.tools/pgbouncer.ts` leaves what it built. */
export const builtPgBouncer = fileURLToPath(
  new URL("../../../node_modules/.cache/pgbouncer/pgbouncer", import.meta.url),
);

/** A PgBouncer that keeps prepared statements in transaction mode (≥ 1.21): ours, else the system's; null: none. */
export function findPgBouncer(): string | null {
  return [builtPgBouncer, "pgbouncer", "/usr/sbin/pgbouncer"].find(isRecent) ?? null;
}

function isRecent(command: string): boolean {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  const [, major = 0, minor = 0] = /^PgBouncer (\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 21);
}

export interface PgBouncer {
  readonly host: string;
  readonly port: number;
  /** Server connections of each database, as PgBouncer counts them. */
  serverConnections(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

/**
 * In front of a PostgreSQL server, transaction mode. Logs clients in with the verifiers of that server's own
 * roles and passes their SCRAM keys on, so it holds no password.
 *
 * @param folder empty, for its files
 * @param poolSize server connections per database and role
 */
export async function startPgBouncer(input: {
  command: string;
  folder: string;
  adminUrl: string;
  poolSize: number;
}): Promise<PgBouncer> {
  const { folder, adminUrl, poolSize } = input;
  const { hostname, port: serverPort } = new URL(adminUrl);
  const port = await freePort();
  const users = join(folder, "users.txt");
  writeFileSync(users, await verifiers(adminUrl));
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
stats_users = watcher
pool_mode = transaction
default_pool_size = ${poolSize}
max_prepared_statements = 200
max_client_conn = 500
`,
  );
  // It refuses to run as root, as PostgreSQL does.
  chmodSync(folder, 0o755);
  const child = spawn(input.command, [join(folder, "pgbouncer.ini")], {
    stdio: "ignore",
    ...asUser(serverUser(folder)),
  });
  const stats = connect({
    url: `postgres://watcher:watcher@127.0.0.1:${port}/pgbouncer`,
    max: 1,
    idleTimeoutSeconds: 1,
    behindPooler: true,
  });
  await untilItAnswers(stats, () => child.exitCode);
  return {
    host: "127.0.0.1",
    port,
    async serverConnections() {
      const rows = await stats.unsafe("show servers");
      return new Map(
        [...Map.groupBy(rows, ({ database }) => String(database))].map(([name, list]) => [name, list.length]),
      );
    },
    async stop() {
      await stats.end({ timeout: 1 });
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function verifiers(adminUrl: string): Promise<string> {
  const sql = connect({ url: adminUrl, max: 1 });
  const rows = await sql<{ name: string; verifier: string }[]>`
    select rolname as name, rolpassword as verifier from pg_authid where rolpassword like 'SCRAM%'`;
  await sql.end();
  const lines = rows.map(({ name, verifier }) => `"${name}" "${verifier}"`);
  return `${['"watcher" "watcher"', ...lines].join("\n")}\n`;
}

async function untilItAnswers(stats: ReturnType<typeof connect>, exitCode: () => number | null) {
  for (let tries = 0; tries < 100; tries++) {
    if (exitCode() !== null) throw new Error(`PgBouncer ended with ${exitCode()}`);
    if (await stats.unsafe("show version").catch(() => null)) return;
    await delay(50);
  }
  throw new Error("PgBouncer did not answer");
}
