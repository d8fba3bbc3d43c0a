/**
 * What postgres.js does with our patch on it (`postgres.patch`). Each test of this folder failed without it,
 * or without a later part of it.
 */
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { testDatabase } from "../../testing/postgres.ts";
import { type TcpProxy, tcpProxy } from "../../testing/tcp-proxy.ts";
import { errorCode } from "../client.ts";
import { connect, type Sql } from "../connect.ts";

/** A database for the file; what a test opens in it, or makes of its tables, is gone after the test. */
export function useDriver(tables: string) {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let admin: Sql;
  const ends: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    database = await testDatabase();
    admin = connect({ url: database.url, max: 2 });
    await admin.unsafe(tables);
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await admin.end({ timeout: 1 });
    await database.close();
  });

  /** Its only connection is the one that everything happens to. */
  const single = (options: Partial<Parameters<typeof connect>[0]> = {}): Sql => {
    const sql = connect({ url: database.url, max: 1, ...options });
    ends.push(() => sql.end({ timeout: 1 }));
    return sql;
  };
  return {
    admin: () => admin,
    single,
    atEnd: (end: () => Promise<unknown>) => void ends.push(end),
    async throughProxy(): Promise<{ proxy: TcpProxy; sql: Sql }> {
      const url = new URL(database.url);
      const proxy = await tcpProxy(Number(url.port));
      ends.push(() => proxy.close());
      url.port = String(proxy.port);
      return { proxy, sql: single({ url: url.href }) };
    },
    /** Resolves once it has ended. */
    kill: async (pid: number) => void (await admin`select pg_terminate_backend(${pid}, 5000)`),
    asleep: (pid: number) =>
      expect
        .poll(() => admin`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`)
        .toHaveLength(1),
  };
}

export const failureOf = (work: PromiseLike<unknown>) => Promise.resolve(work).then(() => "none", errorCode);

export const backendOf = async (session: { unsafe: Sql["unsafe"] }) =>
  Number((await session.unsafe("select pg_backend_pid() as pid"))[0]?.pid);
