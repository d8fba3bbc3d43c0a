import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import type { Operator } from "../operator.ts";
import { NewTenant } from "../provisioning/new-tenant.ts";
import { type NotAsAsked, notAsAsked } from "../provisioning/not-as-asked.ts";
import { bringForward, prepareOlderTemplate } from "../provisioning/older-schema.ts";
import { registerTenant } from "../provisioning/register-tenant.ts";
import { activate, createDatabase, createRole, recordStep, setPrivileges } from "../provisioning/steps.ts";
import { TemplateName } from "../provisioning/templates.ts";
import { whileCreating } from "../provisioning/while-creating.ts";
import { type Brought, listBrought } from "./brought.ts";
import { ExportUntrusted, type Manifest } from "./format.ts";
import { loadRows, setSequences } from "./load-rows.ts";
import { type ReadableExport, withExport } from "./read-export.ts";
import { requireTrusted, type Signer } from "./require-trusted.ts";

const NewImport = NewTenant.pick({ slug: true, baseDomain: true, hosts: true }).extend({
  /** A folder, or a file ending in `.tar`, that `exportTenant` made. */
  path: z.string(),
  /** Default the export's. */
  name: NewTenant.shape.name.optional(),
  /** The exported tenant is gone, so what it left unfinished is this one's to finish. Default false. */
  takeOver: z.boolean().default(false),
  /** Somebody has read what `listBrought` lists, and means it. Default false. */
  confirmed: z.boolean().default(false),
  /** Why an export is believed that no key known here has signed. Default: it is not. */
  untrustedReason: z.string().trim().min(1).nullable().default(null),
});
export type NewImport = z.input<typeof NewImport>;

/** In this order. Each can be run again after it was done, or half done. */
const steps = [
  createRole,
  prepareOlderTemplate,
  createDatabase,
  setPrivileges,
  setSequences,
  loadRows,
  bringForward,
  activate,
] as const;

export interface ImportedTenant {
  readonly tenant: { id: string; slug: string; name: string; hosts: readonly string[] };
  /** false: it was there already, made from the same export. */
  readonly created: boolean;
  /** As of `CreatedTenant`. */
  readonly notAsAsked: readonly NotAsAsked[];
  readonly manifest: Manifest;
  /** null: believed for a reason that was given. */
  readonly signer: Signer | null;
  readonly brought: readonly Brought[];
}

/** It brings keys, addresses or people that nobody has said to trust yet; nothing was made. */
export class ImportUnconfirmed extends Error {
  override readonly name = "ImportUnconfirmed";
  readonly brought: readonly Brought[];
  constructor(brought: readonly Brought[]) {
    const list = brought.map(({ what, value }) => `${what}: ${value}`).join("; ");
    super(`the export brings what the tenant would trust: ${list}. Read it, then say --confirm`);
    this.brought = brought;
  }
}

/** Payments or deliveries in the export are unfinished, and the exported tenant may still finish them. */
export class ImportUnfinished extends Error {
  override readonly name = "ImportUnfinished";
}

/**
 * Makes a new tenant, with an id of its own, of an export: as `createTenant`, with the export's rows in
 * place of first ones, in the export's schema and migrated from there. Killed at any point, it is called again with the
 * same input and goes on.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws ExportUnreadable, ExportUntrusted, ImportUnfinished, ImportUnconfirmed, SlugTaken, HostTaken
 */
export async function importTenant({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: NewImport;
  onStep?: (step: string) => void | Promise<void>;
}): Promise<ImportedTenant> {
  const checked = NewImport.parse(input);
  return withExport(checked.path, (source) => importFrom({ ctx, input: checked, source, onStep }));
}

async function importFrom({
  ctx,
  input,
  source,
  onStep,
}: {
  ctx: Operator;
  input: z.output<typeof NewImport>;
  source: ReadableExport;
  onStep: (step: string) => void | Promise<void>;
}): Promise<ImportedTenant> {
  const { manifest } = source;
  const { signer, brought } = await judge({ ctx, input, source });
  const { slug, baseDomain, hosts } = input;
  const name = input.name ?? manifest.tenant.name;
  const template = TemplateName.parse(manifest.tenant.template);
  const tier = NewTenant.shape.tier.parse(manifest.tenant.tier);
  await onStep("registerTenant");
  const { schemaVersion } = manifest;
  const registration = { slug, name, template, tier, baseDomain, hosts, schemaVersion };
  const record = await registerTenant({ ctx, input: registration, id: randomUUID() });
  await ctx.registry.audit({
    actor: ctx.actor,
    action: "tenant.import",
    tenantId: record.id,
    detail: {
      fingerprint: source.fingerprint,
      signedBy: signer?.keyId ?? null,
      untrustedReason: signer ? null : input.untrustedReason,
      brought: brought.length,
    },
  });
  const goOn = async (half: TenantRecord) => {
    for (const step of steps) {
      await onStep(step.name);
      await step({ ctx, record: half, source, creation: { record: half } });
      if (step !== activate) await recordStep({ ctx, record: half, step: step.name });
    }
  };
  const found = record.status === "creating" ? await whileCreating({ ctx, record }, goOn) : record;
  const created = found.status === "creating";
  // Was it made of this export?
  if (!created) await loadRows({ ctx, record: found, source });
  await onStep("done");
  return {
    tenant: { id: record.id, slug, name, hosts: record.hosts },
    created,
    notAsAsked: created ? [] : notAsAsked(found, { hosts }),
    manifest,
    signer,
    brought,
  };
}

/** Before anything is made: who vouches for it, whether it may be finished here, what it would be trusted with. */
async function judge({
  ctx,
  input,
  source,
}: {
  ctx: Operator;
  input: z.output<typeof NewImport>;
  source: ReadableExport;
}): Promise<Pick<ImportedTenant, "signer" | "brought">> {
  const signer = await requireTrusted({ ctx, source }).catch((error) => {
    if (error instanceof ExportUntrusted && input.untrustedReason !== null) return null;
    throw error;
  });
  const { payments, deliveries } = source.manifest.unfinished;
  if (payments + deliveries > 0 && !input.takeOver) {
    throw new ImportUnfinished(
      `the export has ${payments} unfinished payments and ${deliveries} deliveries: let them finish and export ` +
        "again, or say with --take-over that the exported tenant is gone",
    );
  }
  const brought = await listBrought(source);
  if (brought.length > 0 && !input.confirmed) throw new ImportUnconfirmed(brought);
  return { signer, brought };
}
