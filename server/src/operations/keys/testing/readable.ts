import { readdirSync, readFileSync } from "node:fs";
import { connect } from "../../../database/connect.ts";
import type { TestPlatform } from "../../../testing/index.ts";

type Hear = (where: string, what: string) => void;

/** Every row of every table of a platform's databases: the registry's, the job queue's, the tenants'. */
export async function readDatabases({ address, operator }: TestPlatform, hear: Hear): Promise<void> {
  const names = await operator.admin<{ name: string }[]>`
    select datname as name from pg_database
    where starts_with(datname, ${`${address.namespace}_`}) and datallowconn`;
  for (const { name } of names) {
    const url = new URL(address.adminUrl);
    url.pathname = `/${name}`;
    const sql = connect({ url: url.href, max: 1 });
    const tables = await sql<{ table: string }[]>`
      select format('%I.%I', schemaname, tablename) as table from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`;
    for (const { table } of tables) {
      const rows = await sql.unsafe<{ row: string }[]>(`select t::text as row from ${table} t`);
      hear(`table ${table}`, rows.map(({ row }) => row).join("\n"));
    }
    await sql.end();
  }
}

/** Arguments and environment of a process and of all below it; Linux. */
export function readProcesses(pid: number, hear: Hear): void {
  for (const file of ["cmdline", "environ"]) {
    hear(`process ${file}`, readFileSync(`/proc/${pid}/${file}`, "latin1"));
  }
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean);
    for (const child of children) readProcesses(Number(child), hear);
  }
}
