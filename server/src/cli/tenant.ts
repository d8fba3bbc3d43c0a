import { Command, Option } from "commander";
import type { Sql } from "../database/connect.ts";
import { addOrigins } from "../operations/embed/add-origins.ts";
import { announceOrigins } from "../operations/embed/announce-origins.ts";
import { changeRing, rings } from "../operations/migration/rings.ts";
import type { Operator } from "../operations/operator.ts";
import { resumeTenant, suspendTenant } from "../operations/provisioning/change-status.ts";
import { createTenant, type NewTenant } from "../operations/provisioning/create-tenant.ts";
import { type Furnished, findSandbox, furnishSandbox } from "../operations/provisioning/furnish-sandbox.ts";
import { describeNotAsAsked } from "../operations/provisioning/not-as-asked.ts";
import { TemplateName, templates } from "../operations/provisioning/templates.ts";
import { loadOpenMove } from "../operations/records/move-record.ts";
import { loadOpenRestore } from "../operations/records/restore-record.ts";
import { mainServer } from "../operations/servers/database-servers.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import { latestSchemaVersion } from "../tenant/schema.ts";
import { settingDefinitions } from "../tenant/settings.ts";
import { contextFor } from "./context.ts";
import { describeInvitation, inviteOwner } from "./invite-owner.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { addDeleteCommands } from "./tenant-delete.ts";
import { addExportCommands } from "./tenant-export.ts";
import { addMoveCommands } from "./tenant-move.ts";
import { addPinCommands } from "./tenant-pin.ts";
import { addRepairCommands } from "./tenant-repair.ts";
import { addRestoreCommands } from "./tenant-restore.ts";
import type { Terminal } from "./terminal.ts";

interface CreateOptions extends CommonOptions {
  name: string;
  template: TemplateName;
  admin: string;
  theme?: NewTenant["theme"];
  tier?: NewTenant["tier"];
  host: string[];
  databaseServer?: string;
  instance?: string;
  origin: string[];
  sandbox?: true;
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
    .addOption(new Option("--tier <tier>", "default standard").choices(["dedicated", "standard", "starter"]))
    .option("--host <host>", "a custom domain; may be repeated", several, [])
    .option(
      "--origin <origin>",
      "a page that will embed the form, such as http://localhost:8080; may be repeated",
      several,
      [],
    )
    .option(
      "--sandbox",
      "keys of the sandbox provider, receipts to its mailbox, customers with invoices to try it with",
    )
    .option("--database-server <name>", "where its database is made; default the registry's own server")
    .option("--instance <url>", "base URL of an instance of its own; default the shared servers")
    .option("--json", "machine-readable answer")
    .addHelpText("after", `\nTemplates:\n${templateHelp}`)
    .action(create(run, terminal));
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
  tenant
    .command("ring <slug> <ring>")
    .description(`when its turn is in clarity migrate: ${rings.join(", ")}`)
    .option("--json")
    .action(setRing(run));
  addMoveCommands(tenant, run);
  addPinCommands(tenant, run);
  addExportCommands(tenant, run);
  addDeleteCommands(tenant, run);
  addRestoreCommands(tenant, run, terminal);
  addRepairCommands(tenant, run);
  return tenant;
}

const several = (one: string, before: string[]) => [...before, one];

/** Each step's time, told as it ends. `onStep` hears of a step when it begins, and `done` at the end. */
function stepTimes(tell: (line: string) => void) {
  const steps: { step: string; tookMs: number }[] = [];
  let current: { step: string; startedAt: number } | null = null;
  const onStep = (step: string) => {
    if (current) {
      const tookMs = Math.round(performance.now() - current.startedAt);
      steps.push({ step: current.step, tookMs });
      tell(`${current.step.padEnd(14)}  ${tookMs} ms`);
    }
    current = { step, startedAt: performance.now() };
  };
  return { steps, onStep };
}

const create = (run: Run, terminal: Terminal) => (slug: string, options: CreateOptions) =>
  run(options, async (ctx) => {
    const { name, template, admin, theme, tier, host, databaseServer, instance, origin, sandbox } = options;
    // Before anything is made: a word that is wrong leaves nothing half done.
    const origins = settingDefinitions["embed.origins"].schema.parse(origin);
    if (sandbox) findSandbox(ctx, slug);
    const input = { slug, name, template, adminEmail: admin, hosts: host };
    const { steps, onStep } = stepTimes((line) => {
      if (!options.json) terminal.printError(line);
    });
    const answer = await createTenant({
      ctx,
      input: {
        ...input,
        ...(theme && { theme }),
        ...(tier && { tier }),
        ...(databaseServer && { databaseServer }),
        ...(instance && { instance }),
      },
      onStep,
    });
    const { tenant, created, notAsAsked, tookMs } = answer;
    const hosts = tenant.hosts.join(", ");
    // Ahead of the invitation, which then goes to the sandbox' mailbox.
    const furnished = await furnish(ctx, { slug, origins, sandbox: sandbox ?? false });
    const portal = created ? await inviteOwner({ operator: ctx, slug, email: admin }) : null;
    return {
      json: {
        ...tenant,
        created,
        notAsAsked,
        tookMs: Math.round(tookMs),
        steps,
        portal,
        ...(furnished && { sandbox: furnished }),
      },
      text: [
        created
          ? `${slug} is there after ${Math.round(tookMs)} ms and answers at ${hosts}`
          : `${slug} was there already, is not changed and answers at ${hosts}`,
        ...describeNotAsAsked(notAsAsked),
        ...(portal ? [describeInvitation(portal)] : []),
        ...(furnished ? describeSandbox(furnished) : []),
      ].join("\n"),
      failed: notAsAsked.length > 0,
    };
  });

/** What is set once the tenant is there; run again it adds what is missing. */
async function furnish(
  ctx: Operator,
  { slug, origins, sandbox }: { slug: string; origins: string[]; sandbox: boolean },
): Promise<Furnished | null> {
  if (origins.length > 0) await addOrigins({ ctx, input: { slug, origins } });
  if (sandbox) return furnishSandbox({ ctx, input: { slug } });
  if (origins.length > 0) await announceOrigins({ ctx, input: { context: await contextFor(ctx, slug) } });
  return null;
}

const describeSandbox = ({ account, mailbox, customers }: Furnished): string[] => [
  `sandbox: provider account "${account}", receipts at ${mailbox}`,
  ...customers.map(({ id, name, invoices }) => `sandbox: customer ${id}, ${name}, ${invoices} open invoices`),
];

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
    const detail = { ...view(record), ...placement(record), open: await openWork(registry.sql, record.id) };
    const json = {
      ...detail,
      provisioning: steps.map(({ step, done_at }) => ({ step, doneAt: done_at })),
    };
    const lines = Object.entries(detail).map(([name, value]) => [name, inWords(value)]);
    return { json, text: table([...lines, ["provisioned", steps.map(({ step }) => step).join(", ")]]) };
  });

/** What waits for a person, or for its command to be run again. */
async function openWork(sql: Sql, tenantId: string): Promise<string | null> {
  const [move, restore] = await Promise.all([loadOpenMove(sql, tenantId), loadOpenRestore(sql, tenantId)]);
  if (move) {
    const where = `a move to ${move.to.server ?? mainServer}`;
    return move.switchedAt ? `${where}, to be confirmed` : `${where}, not switched yet`;
  }
  if (!restore) return null;
  const when = `a restore to ${restore.to.toISOString()}`;
  return restore.switched ? `${when}, to be confirmed` : `${when}, not switched yet`;
}

const changeTo = (run: Run, status: "active" | "suspended") => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const verb = status === "active" ? resumeTenant : suspendTenant;
    await verb({ ctx, input: { slug } });
    return { json: { slug, status }, text: `${slug} is ${status}` };
  });

const setRing = (run: Run) => (slug: string, name: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const ring = rings.find((known) => known === name);
    if (!ring) throw new Error(`no ring ${name}: ${rings.join(", ")}`);
    await changeRing({ ctx, input: { slug, ring } });
    return { json: { slug, ring }, text: `${slug} is in ring ${ring}` };
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
  databaseServer: record.database.server?.name ?? mainServer,
  pinned: record.pin ? `${record.pin.version} until ${record.pin.until.toISOString()}` : null,
  hosts: record.hosts,
  database: record.database.name,
  schemaVersion: record.schemaVersion,
  ring: record.ring,
  parked: record.parked?.reason ?? null,
  createdAt: record.createdAt.toISOString(),
});

const placement = (record: TenantRecord) => ({
  /** null: the registry's own. */
  databaseServer: record.database.server?.name ?? null,
  latestSchemaVersion: latestSchemaVersion(),
  ring: record.ring,
  pin: record.pin && { ...record.pin, until: record.pin.until.toISOString() },
  parked: record.parked && { ...record.parked, at: record.parked.at.toISOString() },
});

const inWords = (value: unknown): string =>
  value !== null && typeof value === "object" && !Array.isArray(value)
    ? Object.values(value).join(", ")
    : String(value ?? "–");
