import { Command, Option } from "commander";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnknown } from "../tenants/errors.ts";
import { resumeTenant, suspendTenant } from "../tenants/provisioning/change-status.ts";
import { createTenant, type NewTenant } from "../tenants/provisioning/create-tenant.ts";
import { TemplateName, templates } from "../tenants/provisioning/templates.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { addDeleteCommands } from "./tenant-delete.ts";
import { addExportCommands } from "./tenant-export.ts";
import { addRestoreCommands } from "./tenant-restore.ts";
import type { Terminal } from "./terminal.ts";

interface CreateOptions extends CommonOptions {
  name: string;
  template: TemplateName;
  admin: string;
  theme?: NewTenant["theme"];
  tier?: NewTenant["tier"];
  host: string[];
}

const templateHelp = Object.entries(templates)
  .map(([name, { help }]) => `  ${name}: ${help}`)
  .join("\n");

export function tenantCommand(run: Run, terminal: Terminal): Command {
  const tenant = new Command("tenant").description("make and manage tenants");
  tenant
    .command("create <slug>")
    .description("make a tenant: database, role, first settings, host name; run again after an interruption")
    .requiredOption("--name <name>", "the name payers see")
    .addOption(
      new Option("--template <template>", "what it starts with")
        .choices(TemplateName.options)
        .makeOptionMandatory(),
    )
    .requiredOption("--admin <email>", "its first administrator")
    .option("--theme <preset>", "a theme preset instead of the template's")
    .addOption(new Option("--tier <tier>").choices(["dedicated", "standard", "starter"]).default("standard"))
    .option(
      "--host <host>",
      "a custom domain; may be repeated",
      (host, hosts: string[]) => [...hosts, host],
      [],
    )
    .option("--json", "machine-readable answer")
    .addHelpText("after", `\nTemplates:\n${templateHelp}`)
    .action(create(run));
  tenant.command("list").description("all tenants").option("--json").action(list(run));
  tenant.command("show <slug>").description("one tenant").option("--json").action(show(run));
  tenant
    .command("suspend <slug>")
    .description("stop serving it; deletes nothing")
    .option("--json")
    .action(changeTo(run, "suspended"));
  tenant
    .command("resume <slug>")
    .description("serve it again")
    .option("--json")
    .action(changeTo(run, "active"));
  addExportCommands(tenant, run);
  addDeleteCommands(tenant, run);
  addRestoreCommands(tenant, run, terminal);
  return tenant;
}

const create =
  (run: Run) =>
  (slug: string, { name, template, admin, theme, tier, host, json = false }: CreateOptions) =>
    run({ json }, async (ctx) => {
      const input = { slug, name, template, adminEmail: admin, hosts: host };
      const answer = await createTenant({
        ctx,
        input: { ...input, ...(theme && { theme }), ...(tier && { tier }) },
      });
      const { tenant, created, tookMs } = answer;
      return {
        json: { ...tenant, created, tookMs: Math.round(tookMs) },
        text: created
          ? `${slug} is there after ${Math.round(tookMs)} ms and answers at ${tenant.hosts.join(", ")}`
          : `${slug} was there already and answers at ${tenant.hosts.join(", ")}`,
      };
    });

const list = (run: Run) => (options: CommonOptions) =>
  run(options, async ({ registry }) => {
    const records = await registry.list();
    const rows = records.map((record) => [
      record.slug,
      record.status,
      record.tier,
      record.hosts.join(", "),
      record.name,
    ]);
    return {
      json: records.map(view),
      text:
        records.length > 0 ? table([["slug", "status", "tier", "hosts", "name"], ...rows]) : "no tenants yet",
    };
  });

const show = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async ({ registry }) => {
    const record = await registry.findBySlug(slug);
    if (!record) throw new TenantUnknown(`no tenant ${slug}`);
    const steps = await registry.sql<{ step: string; done_at: Date }[]>`
      select step, done_at from provisioning_steps where tenant_id = ${record.id} order by done_at`;
    const json = {
      ...view(record),
      provisioning: steps.map(({ step, done_at }) => ({ step, doneAt: done_at })),
    };
    const lines = Object.entries(view(record)).map(([name, value]) => [name, String(value ?? "–")]);
    return { json, text: table([...lines, ["provisioned", steps.map(({ step }) => step).join(", ")]]) };
  });

const changeTo = (run: Run, status: "active" | "suspended") => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const verb = status === "active" ? resumeTenant : suspendTenant;
    await verb({ ctx, input: { slug } });
    return { json: { slug, status }, text: `${slug} is ${status}` };
  });

/** No secrets, no key material. */
const view = (record: TenantRecord) => ({
  id: record.id,
  slug: record.slug,
  name: record.name,
  status: record.status,
  template: record.template,
  tier: record.tier,
  upstream: record.upstream,
  hosts: record.hosts,
  database: record.database.name,
  schemaVersion: record.schemaVersion,
  createdAt: record.createdAt.toISOString(),
});
