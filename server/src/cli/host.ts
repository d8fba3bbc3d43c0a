import { Command } from "commander";
import { addHost } from "../operations/provisioning/add-host.ts";
import { removeHost } from "../operations/provisioning/remove-host.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import type { CommonOptions, Run } from "./run.ts";
import { tellProvider } from "./tell-provider.ts";

export function hostCommand(run: Run): Command {
  const command = new Command("host").description("the host names a tenant answers at");
  command
    .command("add <tenant> <host>")
    .description("one more, such as pay.acme.example; let it lead to the edge")
    .option("--json")
    .action(add(run));
  command
    .command("remove <tenant> <host>")
    .description("one less, which another tenant may have then")
    .option("--json")
    .action(remove(run));
  command.command("list <tenant>").description("all of them").option("--json").action(list(run));
  return command;
}

const add = (run: Run) => (slug: string, given: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const { host, hosts, added } = await addHost({ ctx, input: { slug, host: given } });
    const said = added ? "answers" : "answered already";
    return tellProvider(ctx, slug, {
      json: { slug, host, added, hosts },
      text: `${slug} ${said} at ${host}; in all at ${hosts.join(", ")}`,
    });
  });

const remove = (run: Run) => (slug: string, given: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const { host, hosts } = await removeHost({ ctx, input: { slug, host: given } });
    return tellProvider(ctx, slug, {
      json: { slug, host, removed: true, hosts },
      text: `${slug} answers at ${host} no more, at an edge that knows it within 30 s; still at ${hosts.join(", ")}`,
    });
  });

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async ({ registry }) => {
    const record = await registry.findBySlug(slug);
    if (!record) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
    return { json: record.hosts, text: record.hosts.join("\n") };
  });
