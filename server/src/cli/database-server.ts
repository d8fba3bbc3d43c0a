import { Command, InvalidArgumentError } from "commander";
import {
  addDatabaseServer,
  findSameServer,
  listDatabaseServers,
  NewDatabaseServer,
  prepareDatabaseServer,
  removeDatabaseServer,
} from "../operations/servers/database-servers.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { neverAnArgument } from "./secrets-given.ts";
import { readSecret, type SecretPlace, type Terminal } from "./terminal.ts";

interface AddOptions extends CommonOptions, SecretPlace {
  pooler?: { host: string; port: number };
}

export function databaseServerCommand(run: Run, terminal: Terminal): Command {
  const command = new Command("database-server").description("PostgreSQL servers beside the registry's own");
  command
    .command("add <name>")
    .description(`make there what tenants need; the administrator's URL comes by ${neverAnArgument}`)
    .option("--file <path>", "read the URL from a file")
    .option("--env <name>", "read the URL from an environment variable")
    .option("--pooler <host:port>", "PgBouncer (≥ 1.21, transaction mode) in front of it", parseAddress)
    .option("--json")
    .action(add(run, terminal));
  command.command("list").description("all of them").option("--json").action(list(run));
  command
    .command("prepare <name>")
    .description("make there what this code's tenants need: after an upgrade")
    .option("--json")
    .action(prepare(run));
  command
    .command("remove <name>")
    .description("forget one where no tenant lives; changes nothing there")
    .option("--json")
    .action(remove(run));
  return command;
}

const add =
  (run: Run, terminal: Terminal) =>
  (name: string, { pooler, json = false, ...place }: AddOptions) =>
    run({ json }, async (ctx) => {
      const adminUrl = await readSecret(terminal, place);
      const { adminUrl: checked } = NewDatabaseServer.parse({ name, adminUrl });
      const same = await findSameServer({ ctx, adminUrl: checked });
      if (same !== null && same !== name) throw new Error(`that server is known already, as ${same}`);
      const server = await addDatabaseServer({ ctx, input: { name, adminUrl, ...(pooler && { pooler }) } });
      return { json: server, text: `${name} at ${server.host}:${server.port} is ready for tenants` };
    });

const list = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const servers = await listDatabaseServers({ ctx });
    const rows = servers.map(({ name, host, port, pooler, tenants }) => [
      name,
      `${host}:${port}`,
      pooler ? `${pooler.host}:${pooler.port}` : "–",
      String(tenants),
    ]);
    const text =
      rows.length > 0
        ? table([["name", "address", "pooler", "tenants"], ...rows])
        : "none beside the registry's own";
    return { json: servers, text };
  });

const prepare = (run: Run) => (name: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    await prepareDatabaseServer({ ctx, input: { name } });
    return { json: { name, prepared: true }, text: `${name} is ready for this code's tenants` };
  });

const remove = (run: Run) => (name: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    await removeDatabaseServer({ ctx, input: { name } });
    return { json: { name, removed: true }, text: `${name} is not known any more` };
  });

function parseAddress(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host && port) return { host, port: Number(port) };
  throw new InvalidArgumentError("such as pooler.example:6432");
}
