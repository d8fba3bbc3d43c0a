import { type Command, InvalidArgumentError } from "commander";
import { deleteTenantNow } from "../operations/deletion/delete-tenant-now.ts";
import type { DestroyedTenant } from "../operations/deletion/destroy-tenant.ts";
import { purgeTenants } from "../operations/deletion/purge-tenants.ts";
import { requestDeletion } from "../operations/deletion/request-deletion.ts";
import type { Answer } from "./output.ts";
import { oneLine } from "./printable.ts";
import type { CommonOptions, Run } from "./run.ts";

interface DeleteOptions extends CommonOptions {
  graceDays: number;
  now?: boolean;
  confirm?: string;
  forceReason?: string;
}

export function addDeleteCommands(tenant: Command, run: Run): void {
  tenant
    .command("delete <slug>")
    .description("stop serving it and destroy it after a grace period; restore undoes it until then")
    .option("--grace-days <days>", "how long it can be restored", parseDays, 30)
    .option(
      "--now",
      "destroy it at once, for good, a half made one too; needs --confirm; run again after an interruption",
    )
    .option("--confirm <slug>", "the slug once more")
    .option("--force-reason <reason>", "why open payments and due deliveries may be lost")
    .option("--json")
    .action(remove(run));
  tenant
    .command("purge")
    .description(
      "destroy what is due and go on with what stopped half-way; prints certificates; run it daily",
    )
    .option("--json")
    .action(purge(run));
}

const remove = (run: Run) => (slug: string, options: DeleteOptions) =>
  run(options, async (ctx) => {
    const { graceDays, now = false, confirm, forceReason } = options;
    const input = { slug, ...(forceReason !== undefined && { forceReason }) };
    if (now) {
      if (confirm !== slug) throw new Error(`--now destroys ${slug} for good: add --confirm ${slug}`);
      return certificateAnswer(await deleteTenantNow({ ctx, input }));
    }
    const { tenantId, dueAt } = await requestDeletion({ ctx, input: { ...input, graceDays } });
    const due = dueAt.toISOString();
    return {
      json: { tenantId, slug, status: "deleting", dueAt: due },
      text: `${slug} is served no more; clarity tenant purge destroys it from ${due} on, clarity tenant restore ${slug} brings it back`,
    };
  });

const purge = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const purged = await purgeTenants({ ctx });
    const lines = purged.map(({ slug, error, destroyed }) =>
      destroyed ? certificateAnswer(destroyed).text : oneLine(`${slug}: ${error}`),
    );
    return {
      json: purged.map(({ slug, error, destroyed }) => ({ slug, error, ...destroyed })),
      text: lines.join("\n\n") || "nothing is due",
      failed: purged.some(({ error }) => error !== null),
    };
  });

function certificateAnswer(destroyed: DestroyedTenant): Answer {
  const { certificate, jws, publicKey } = destroyed;
  return {
    json: destroyed,
    text: [
      `${certificate.tenant.slug} is destroyed`,
      JSON.stringify(certificate, null, 2),
      `signed: ${jws}`,
      `public key: ${publicKey ? JSON.stringify(publicKey) : "beside the master key where it was signed"}`,
    ].join("\n"),
  };
}

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 0 && days <= 3_650) return days;
  throw new InvalidArgumentError("0 to 3650 days");
}
