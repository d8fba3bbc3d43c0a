import { overdueFlags } from "../../flags/overdue-flags.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { IsolationBreach, TenantBehind } from "../errors.ts";
import { latestSchemaVersion } from "../schema.ts";
import { names } from "./names.ts";
import type { Operator } from "./operator.ts";

export interface Finding {
  ok: boolean;
  what: string;
  /** What to do about it; null: nothing. */
  advice: string | null;
}

/** Looks at everything a tenant needs to be served. Changes nothing. */
export async function diagnose({ ctx }: { ctx: Operator }): Promise<Finding[]> {
  const server = await probe("PostgreSQL answers the administrator", () => ctx.admin`select 1`, {
    advice: "start PostgreSQL (npm start does) or correct DATABASE_URL",
  });
  const registry = await probe(
    "the registry answers",
    () => ctx.registry.sql`select 1 from tenants limit 1`,
    {
      advice: "start PostgreSQL, correct CLARITY_REGISTRY_URL, or run clarity migrate",
    },
  );
  if (!server.ok || !registry.ok) return [server, registry];

  const template = names.template(ctx.address.namespace, latestSchemaVersion());
  const findings = [
    server,
    registry,
    await probe(
      `template ${template} is there`,
      async () => {
        const found = await ctx.admin`select from pg_database where datname = ${template}`;
        if (found.length === 0) throw new Error("missing");
      },
      { advice: "run clarity migrate" },
    ),
  ];
  findings.push(...flagFindings());
  for (const record of await ctx.registry.list()) findings.push(await diagnoseTenant({ ctx, record }));
  return findings;
}

/** Nothing is broken by a flag that outlived its date, so the check still passes; its owner is asked. */
const flagFindings = (): Finding[] =>
  overdueFlags().map(({ key, owner, expiresOn, advice }) => ({
    ok: true,
    what: `flag ${key} of ${owner} was to be looked at by ${expiresOn}`,
    advice,
  }));

async function diagnoseTenant({ ctx, record }: { ctx: Operator; record: TenantRecord }): Promise<Finding> {
  const { slug, status } = record;
  if (status === "creating") {
    return {
      ok: false,
      what: `${slug}: its creation stopped half-way`,
      advice: "run clarity tenant create again with the same arguments",
    };
  }
  if (status !== "active") return { ok: true, what: `${slug}: ${status}`, advice: null };
  try {
    const { db, settings } = await ctx.tenants.open(record.id);
    await db.query`select tenant_id from pay.settings`;
    await readSecrets(settings);
    return {
      ok: true,
      what: `${slug}: reachable, schema ${record.schemaVersion}, secrets readable`,
      advice: record.otherDataKey
        ? `the rotation of its key has not ended: clarity key rotate ${slug} goes on`
        : null,
    };
  } catch (error) {
    return { ok: false, what: `${slug}: ${(error as Error).message}`, advice: adviceFor(error) };
  }
}

/** Decrypts each stored secret; what it says is thrown away. */
async function readSecrets(
  settings: Awaited<ReturnType<Operator["tenants"]["open"]>>["settings"],
): Promise<void> {
  for (const { key, secret, source } of await settings.list()) {
    if (secret && source === "stored") await settings.get(key);
  }
}

function adviceFor(error: unknown): string {
  if (error instanceof TenantBehind) return "run clarity migrate";
  if (error instanceof IsolationBreach)
    return "its registry entry leads to another database: correct the entry, read the audit log";
  if (error instanceof Error && error.name === "CannotDecrypt") {
    return "the master key is not the one this was encrypted with: restore the right file";
  }
  return "is its PostgreSQL server running, and its database there?";
}

async function probe(
  what: string,
  look: () => PromiseLike<unknown>,
  { advice }: { advice: string },
): Promise<Finding> {
  try {
    await look();
    return { ok: true, what, advice: null };
  } catch (error) {
    return { ok: false, what: `${what}: no, ${(error as Error).message || "no connection"}`, advice };
  }
}
