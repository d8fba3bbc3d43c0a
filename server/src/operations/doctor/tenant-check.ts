import { ZodError } from "zod";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { IsolationBreach, SettingInvalid, TenantAhead, TenantBehind } from "../../tenant/errors.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { bad, type Check, type Finding, fine, note, reasonOf } from "../finding.ts";
import type { Operator } from "../operator.ts";
import { loadOpenRestore } from "../records/restore-record.ts";
import { workFindings } from "./work-findings.ts";

/** Databases looked into at once. */
const parallel = 6;
/** A move refuses the tenant's requests for less than this, ms. */
const longestMoveMs = 60_000;

/** Every tenant, through its own role. */
export const tenantFindings: Check = async ({ ctx, records, now }) => {
  const answers: Finding[][] = [];
  const waiting = records.entries();
  const look = async () => {
    for (const [place, record] of waiting) answers[place] = await diagnoseTenant({ ctx, record, now });
  };
  await Promise.all(Array.from({ length: parallel }, look));
  return answers.flat();
};

async function diagnoseTenant(input: { ctx: Operator; record: TenantRecord; now: Date }): Promise<Finding[]> {
  const { ctx, record } = input;
  const { slug, status, parked } = record;
  if (status === "creating") {
    return [
      bad(
        `${slug}: its creation stopped half-way`,
        "nobody can pay it",
        `run clarity tenant create again with the same arguments, or clarity tenant delete ${slug} --now --confirm ${slug}`,
      ),
    ];
  }
  if (status === "moving") return [await movingFinding(input)];
  if (status === "deleting") return [fine(`${slug}: deleting`)];
  if (parked) {
    return [
      bad(
        `${slug}: parked at schema ${record.schemaVersion}: ${parked.reason}`,
        "it is left out of migrations, and refused by code that needs them",
        `mend it, then run clarity migrate retry ${slug}`,
      ),
    ];
  }
  try {
    // What was captured is still to be delivered, of a suspended tenant too.
    const open = await ctx.tenants.open(record.id, { evenSuspended: true });
    return [await reachableFinding(open), ...(await workFindings(open))];
  } catch (error) {
    const why = status === "active" ? "nobody can pay it" : "what it still owes its ERP is not delivered";
    return [bad(`${slug}: ${reasonOf(error)}`, why, adviceFor(error))];
  }
}

/** Between two databases: a move's or a restore's. */
async function movingFinding(input: { ctx: Operator; record: TenantRecord; now: Date }): Promise<Finding> {
  const { ctx, record, now } = input;
  const { slug } = record;
  const restore = await loadOpenRestore(ctx.registry.sql, record.id);
  const what = restore ? "restore" : "move";
  const sinceMs = now.getTime() - record.updatedAt.getTime();
  if (sinceMs < longestMoveMs) return fine(`${slug}: its ${what} is under way`);
  return bad(
    `${slug}: its ${what} stopped half-way ${Math.round(sinceMs / 60_000)} min ago`,
    "payers are told to come back in a moment, for as long as it lasts",
    restore
      ? `run the same clarity tenant restore again, or clarity tenant restore-abort ${slug}`
      : `run the same clarity tenant move, promote or demote again, or clarity tenant move-abort ${slug}: ` +
          "both serve it where it was first",
  );
}

async function reachableFinding({ db, settings, record }: OpenTenant): Promise<Finding> {
  const { slug, status, schemaVersion, otherDataKey } = record;
  await db.query`select tenant_id from pay.settings`;
  // Decrypts each stored secret and checks each value; what it says is thrown away.
  for (const { key, source } of await settings.list()) {
    if (source === "stored") await settings.get(key).catch((error) => throwNamed(key, error));
  }
  if (status === "suspended") return fine(`${slug}: suspended`);
  const what = `${slug}: reachable, schema ${schemaVersion}, secrets readable`;
  if (!otherDataKey) return fine(what);
  const advice = `the rotation of its key has not ended: clarity key rotate ${slug} goes on`;
  return note(what, "its old data key still opens what it sealed", advice);
}

/** Which setting it is. What it holds is in no message. */
function throwNamed(key: string, error: unknown): never {
  if (error instanceof ZodError) throw new SettingInvalid(`setting ${key}: ${error.issues[0]?.message}`);
  throw error;
}

function adviceFor(error: unknown): string {
  if (error instanceof TenantBehind) return "run clarity migrate";
  if (error instanceof SettingInvalid) return "clarity setting set gives it a value this release takes";
  if (error instanceof TenantAhead)
    return "run this command from the release that migrated it, or a newer one";
  if (error instanceof IsolationBreach)
    return "its registry entry leads to another database: correct the entry, read the audit log";
  if (error instanceof Error && error.name === "CannotDecrypt") {
    return "the master key is not the one this was encrypted with: restore the right file";
  }
  return "is its PostgreSQL server running, and its database there?";
}
