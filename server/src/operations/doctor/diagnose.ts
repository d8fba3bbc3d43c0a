import type { MakeContext } from "../../context/context-factory.ts";
import { backupFindings } from "../backup/backup-findings.ts";
import { type BackupSettings, backupSettings } from "../backup/settings.ts";
import { bad, type Check, type Finding, fine, reasonOf } from "../finding.ts";
import type { Operator } from "../operator.ts";
import { erpFindings } from "./erp-check.ts";
import {
  deletionFindings,
  flagFindings,
  moveFindings,
  pinFindings,
  restoreFindings,
} from "./lifecycle-checks.ts";
import { logFindings } from "./log-findings.ts";
import {
  certificateKeyFindings,
  clockFindings,
  rightsFindings,
  serverFindings,
  templateFindings,
} from "./platform-checks.ts";
import { roleFindings } from "./role-findings.ts";
import { tenantFindings } from "./tenant-check.ts";
import { instanceFindings, workerFindings } from "./worker-checks.ts";

/** In this order. A part of the platform adds its check here. */
const checks = (backups: BackupSettings): readonly Check[] => [
  templateFindings,
  serverFindings,
  rightsFindings,
  clockFindings,
  certificateKeyFindings,
  workerFindings,
  instanceFindings,
  deletionFindings,
  moveFindings,
  restoreFindings,
  pinFindings,
  flagFindings,
  function ofBackups({ ctx }) {
    return backupFindings({ ctx, settings: backups });
  },
  roleFindings,
  logFindings,
  tenantFindings,
];

/**
 * Looks at everything the platform and its tenants need to be served. Changes nothing; that somebody looked stands in
 * the operators' audit log when it can be written.
 *
 * @param now default this machine's clock
 * @param erp tries each tenant's ERP settings too, through the contexts it makes
 * @param backups default this process's settings
 */
export async function diagnose({
  ctx,
  now = new Date(),
  erp,
  backups = backupSettings(process.env),
}: {
  ctx: Operator;
  now?: Date;
  erp?: MakeContext;
  backups?: BackupSettings;
}): Promise<Finding[]> {
  const reached = await Promise.all([
    probe("PostgreSQL answers the administrator", () => ctx.admin`select 1`, {
      why: "no tenant can be made, migrated or deleted",
      advice: "start PostgreSQL (npm start does) or correct DATABASE_URL",
    }),
    probe("the registry answers", () => ctx.registry.sql`select 1 from tenants limit 1`, {
      why: "servers go on with the tenants they remember; all others are refused",
      advice: "start PostgreSQL, correct CLARITY_REGISTRY_URL, or run clarity migrate",
    }),
  ]);
  if (reached.some(({ ok }) => !ok)) return reached;
  const written = await probe("the registry is written to", () => audit(ctx), {
    why: "tenants are served; none is made, moved or changed, and what operators do is not written down",
    advice: "end what keeps it read-only: a standby not promoted, a full disk, default_transaction_read_only",
  });
  const records = await ctx.registry.list();
  const answers = await Promise.all(
    [...checks(backups), ...(erp ? [erpFindings(erp)] : [])].map((check) =>
      check({ ctx, records, now }).catch((error) => [
        bad(
          `${check.name || "a check"} could not look: ${reasonOf(error)}`,
          "what it would have found is unknown",
          "try again",
        ),
      ]),
    ),
  );
  return [...reached, written, ...answers.flat()];
}

const audit = ({ registry, actor }: Operator) =>
  registry.audit({ actor, action: "platform.maintain", detail: { verb: "doctor" } });

async function probe(
  what: string,
  look: () => PromiseLike<unknown>,
  { why, advice }: { why: string; advice: string },
): Promise<Finding> {
  try {
    await look();
    return fine(what);
  } catch (error) {
    return bad(`${what}: no, ${reasonOf(error)}`, why, advice);
  }
}
