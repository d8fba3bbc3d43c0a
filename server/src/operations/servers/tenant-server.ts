import { quoteIdentifier } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { administratorUrl } from "./database-servers.ts";

/** On the server that holds the tenant. */
export async function asAdministrator<T>(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  run: (sql: Sql) => Promise<T>,
): Promise<T> {
  const { server } = record.database;
  if (!server) return run(ctx.admin);
  const url = await administratorUrl({ ctx, server });
  return briefly(connect({ url, max: 1 }), run);
}

/** In the tenant's database as the role that owns its tables: sees every row, whoever may log in. */
export async function asOwner<T>(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  run: (sql: Pick<Sql, "unsafe">) => Promise<T>,
): Promise<T> {
  const { server, name: database } = record.database;
  const url = await administratorUrl({ ctx, server, database });
  return briefly(connect({ url, max: 1 }), async (sql) => {
    const answer = await sql.begin(async (transaction) => {
      await transaction.unsafe(`set local role ${quoteIdentifier(names.owner(ctx.address.namespace))}`);
      return { value: await run(transaction) };
    });
    return answer.value as T;
  });
}

async function briefly<T>(sql: Sql, run: (sql: Sql) => Promise<T>): Promise<T> {
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Lets the tenant's role log in, or not; not also ends what it, or an operator, has open. */
export async function setLogin(input: { ctx: Operator; record: TenantRecord; open: boolean }): Promise<void> {
  const { record, open } = input;
  const { role, name } = record.database;
  await asAdministrator(input, async (sql) => {
    await sql.unsafe(`alter role ${quoteIdentifier(role)} ${open ? "login" : "nologin"}`);
    if (!open)
      await sql`
        select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where backend_type = 'client backend' and (usename = ${role} or datname = ${name}) and pid <> pg_backend_pid()`;
  });
}
