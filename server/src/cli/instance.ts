import { Command } from "commander";
import { livingInstances } from "../operations/instances.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

export function instanceCommand(run: Run): Command {
  const command = new Command("instance").description("server processes");
  command
    .command("list")
    .description("who said in the last minute that it lives, what it is and which schemas it serves")
    .option("--json")
    .action(list(run));
  return command;
}

const list = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const living = await livingInstances(ctx);
    const rows = living.map((server) => [
      server.audience,
      server.version,
      `${server.minimumSchemaVersion}–${server.schemaVersion}`,
      server.startedAt.toISOString(),
      server.seenAt.toISOString(),
    ]);
    const head = ["audience", "version", "schemas", "started", "seen"];
    return { json: living, text: rows.length > 0 ? table([head, ...rows]) : "no server lives" };
  });
