import { Command, InvalidArgumentError } from "commander";
import { anchorAudit } from "../audit/anchors.ts";
import { type Verdict, verifyAudit } from "../audit/verify-audit.ts";
import { listAudit } from "../operations/audit/list-audit.ts";
import { logNames } from "../operations/audit/registry-logs.ts";
import { verifyRegistry } from "../operations/audit/verify-registry.ts";
import type { Operator } from "../operations/operator.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { table } from "./output.ts";
import { reasonHelp, requireReason } from "./reason.ts";
import { type CommonOptions, openBySlug, type Run } from "./run.ts";

interface ScopeOptions extends CommonOptions {
  all?: boolean;
  reason?: string;
}

interface VerifyOptions extends ScopeOptions {
  registry?: boolean;
  shipped?: string;
}

interface ShowOptions extends CommonOptions {
  subject?: string;
  limit: number;
}

export function auditCommand(run: Run): Command {
  const audit = new Command("audit").description("a tenant's append-only, hash-chained audit log");
  audit
    .command("show <tenant>")
    .description("the newest rows")
    .option("--subject <id>", "only those about it: a payment's id, a setting's key …")
    .option("--limit <n>", "1 to 1000", limit, 50)
    .option("--json")
    .action(show(run));
  audit
    .command("verify [tenant]")
    .description("compute every hash anew and name the first row edited, deleted, moved, put in or cut off")
    .option("--all", "every tenant that is active or suspended, and the registry's own logs")
    .option("--registry", "the registry's own logs: the operators', and the anchors")
    .option("--shipped <file>", "beside it: a copy of them that was shipped elsewhere")
    .option("--reason <text>", reasonHelp)
    .option("--json")
    .action(verify(run));
  audit
    .command("anchor [tenant]")
    .description("have the registry remember the log's head now; the server does it every 5 minutes")
    .option("--all", "every tenant that is active or suspended")
    .option("--reason <text>", reasonHelp)
    .option("--json")
    .action(anchor(run));
  return audit;
}

const show =
  (run: Run) =>
  (slug: string, { subject, limit, json = false }: ShowOptions) =>
    run({ json }, async (operator) => {
      const { db } = await openBySlug(operator, slug, { evenSuspended: true });
      const entries = await listAudit({ db, input: { subject: subject ?? null, limit } });
      const rows = entries.map(({ id, at, actor, action, subject, detail }) => [
        String(id),
        at.toISOString(),
        actor,
        action,
        subject,
        JSON.stringify(detail),
      ]);
      return {
        json: entries.map((entry) => ({ ...entry, id: String(entry.id) })),
        text: rows.length > 0 ? table([["row", "at", "who", "what", "of", "detail"], ...rows]) : "none",
      };
    });

const verify = (run: Run) => (slug: string | undefined, options: VerifyOptions) =>
  run(options, async (operator) => {
    const { registry: onlyRegistry = false, all = false, shipped } = options;
    if (onlyRegistry && (all || slug !== undefined))
      throw new Error("--registry stands alone; --all includes it");
    const withRegistry = onlyRegistry || all;
    if (shipped !== undefined && !withRegistry)
      throw new Error("--shipped is about the registry: --registry");
    const registry = operator.registry.sql;
    const tenants = onlyRegistry
      ? []
      : await visit(operator, { slug, ...options }, ({ db }) => verifyAudit({ registry, db }));
    const logs = withRegistry ? await verifyRegistry({ registry, shipped: shipped ?? null }) : [];
    const results = [...tenants.map(({ result }) => result), ...logs.map(({ verdict }) => verdict)];
    return {
      json: [
        ...tenants.map(({ tenant, result }) => ({ tenant, ...inJson(result) })),
        ...logs.map(({ log, verdict }) => ({ log, ...inJson(verdict) })),
      ],
      text: table([
        ...tenants.map(({ tenant, result }) => [tenant, inWords(result, "the registry")]),
        ...logs.map(({ log, verdict }) => [logNames[log], inWords(verdict, "the shipped copy")]),
      ]),
      failed: results.some((result) => result instanceof Error || result.damage !== null),
    };
  });

const anchor = (run: Run) => (slug: string | undefined, options: ScopeOptions) =>
  run(options, async (operator) => {
    const registry = operator.registry.sql;
    const anchors = await visit(operator, { slug, ...options }, ({ db }) => anchorAudit({ registry, db }));
    const words = anchors.map(({ tenant, result }) => {
      if (result instanceof Error) return [tenant, result.message];
      return [tenant, result ? `row ${result.headId}, ${result.at.toISOString()}` : "an empty log"];
    });
    return {
      json: anchors.map(({ tenant, result }) =>
        result instanceof Error
          ? { tenant, error: result.message }
          : { tenant, row: result && String(result.headId), at: result?.at ?? null },
      ),
      text: table(words),
      failed: anchors.some(({ result }) => result instanceof Error),
    };
  });

/** One tenant, or all of them in an elevated context. */
async function visit<T>(
  operator: Operator,
  { slug, all = false, reason }: ScopeOptions & { slug: string | undefined },
  look: (open: OpenTenant) => Promise<T>,
): Promise<{ tenant: string; result: T | Error }[]> {
  if (all === (slug !== undefined)) throw new Error("name a tenant, or give --all");
  if (slug !== undefined) {
    const open = await openBySlug(operator, slug, { evenSuspended: true });
    return [{ tenant: slug, result: await look(open) }];
  }
  const elevated = await operator.tenants.elevated({
    actor: operator.actor,
    reason: requireReason(reason),
  });
  const answers = await elevated.each(look, { evenSuspended: true });
  return answers.map(({ tenant, result }) => ({ tenant: tenant.slug, result }));
}

const inJson = (verdict: Verdict | Error) =>
  verdict instanceof Error
    ? { error: verdict.message }
    : {
        rows: verdict.rows,
        anchors: verdict.anchors,
        anchoredUpTo: verdict.anchoredUpTo === null ? null : String(verdict.anchoredUpTo),
        damage: verdict.damage && { ...verdict.damage, row: String(verdict.damage.row) },
      };

function inWords(verdict: Verdict | Error, keeper: string): string {
  if (verdict instanceof Error) return verdict.message;
  const { damage, rows, anchors, anchoredUpTo } = verdict;
  if (damage) return `BROKEN at row ${damage.row}, ${damage.kind}: ${damage.explanation}`;
  const known =
    anchoredUpTo === null ? `none known to ${keeper}` : `known to ${keeper} up to row ${anchoredUpTo}`;
  return `whole: ${rows} rows, ${known}${anchors > 0 ? ` (${anchors} anchors)` : ""}`;
}

function limit(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 1_000) return number;
  throw new InvalidArgumentError("a whole number from 1 to 1000.");
}
