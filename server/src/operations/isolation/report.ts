import type { TenantRecord } from "../../registry/tenant-record.ts";
import type { ElevatedTenants } from "../../tenant/tenants.ts";
import type { Operator } from "../operator.ts";
import { type Proof, proveTenant } from "./prove-tenant.ts";
import { accessRoutes, wrongWays } from "./routes.ts";
import { type Reach, verbs } from "./verbs.ts";

export interface IsolationReport {
  at: Date;
  /** What was tried just now; an error where a tenant could not be tried. */
  tenants: { slug: string; proofs: Proof[] | null; error: string | null }[];
  routes: typeof accessRoutes;
  wrongWays: typeof wrongWays;
  verbs: typeof verbs;
}

/** Other tenants' doors each role knocks at: the nearest in the list, so that all are knocked at. */
const neighbours = 3;

/**
 * Proves each tenant's isolation against the running databases, one after the other, and adds the matrices
 * that the tests hold routes and verbs to.
 */
export async function reportIsolation(call: {
  ctx: Operator;
  input: { reason: string; slug: string | null };
}): Promise<IsolationReport> {
  const { ctx, input } = call;
  const elevated = await ctx.tenants.elevated({ actor: ctx.actor, reason: input.reason });
  const served = (await ctx.registry.list()).filter(
    ({ status }) => status === "active" || status === "suspended",
  );
  const tenants: IsolationReport["tenants"] = [];
  for (const record of served) {
    if (input.slug !== null && record.slug !== input.slug) continue;
    try {
      const entry = await proveEntry(elevated, record);
      const proofs = await proveTenant({ ctx, record, others: near(served, record) });
      tenants.push({ slug: record.slug, proofs: [entry, ...proofs], error: null });
    } catch (error) {
      tenants.push({ slug: record.slug, proofs: null, error: (error as Error).message });
    }
  }
  return { at: new Date(), tenants, routes: accessRoutes, wrongWays, verbs };
}

/** A tenant that cannot be entered is tried all the same: that its door is wrong is what the report is for. */
async function proveEntry(elevated: ElevatedTenants, { id }: TenantRecord): Promise<Proof> {
  const refusal = await elevated.enter(id, { evenSuspended: true }).then(
    () => null,
    (error: Error) => error.message,
  );
  return {
    promise: "the tenant's own audit log tells of this look, and why",
    holds: refusal === null,
    found: refusal ?? "written before it",
  };
}

/** Databases of the next ones in the list that are on the same PostgreSQL server. */
function near(all: readonly TenantRecord[], record: TenantRecord): string[] {
  const same = all.filter(({ database }) => database.server?.name === record.database.server?.name);
  const at = same.findIndex(({ id }) => id === record.id);
  const others = [...same.slice(at + 1), ...same.slice(0, at)];
  return others.slice(0, neighbours).map(({ database }) => database.name);
}

/** As Markdown, for an auditor to file. */
export function reportInWords(report: IsolationReport): string {
  return [
    `# Isolation of tenants, ${report.at.toISOString()}`,
    "## Tried just now, against the running databases",
    ...report.tenants.map(({ slug, proofs, error }) =>
      [`### ${slug}`, error ? `could not be tried: ${cell(error)}` : markdown(proofRows(proofs ?? []))].join(
        "\n\n",
      ),
    ),
    "## Public routes × wrong ways in",
    "Each cell is what a test asks of every build; nothing is forwarded to a server then.",
    markdown(routeRows(report)),
    "## Verbs of the command line",
    markdown([
      ["verb", "reaches", "across tenants", "another tenant's id", "a suspended tenant"],
      ...Object.entries(report.verbs).map(([verb, { reach, takesId, activeOnly }]) => [
        verb,
        reach,
        across[reach] ?? "–",
        takesId ? "is unknown" : "takes none",
        activeOnly ? "is refused" : "–",
      ]),
    ]),
  ].join("\n\n");
}

/** What is asked of whoever reaches more than one tenant. */
const across: Partial<Record<Reach, string>> = {
  "every tenant": "needs a reason, audited there and in each",
  platform: "shows nobody's rows, audited",
};

const proofRows = (proofs: readonly Proof[]) => [
  ["promise", "holds", "found"],
  ...proofs.map(({ promise, holds, found }) => [promise, holds ? "yes" : "NO", found]),
];

function routeRows({ routes, wrongWays }: IsolationReport): string[][] {
  const ways = Object.entries(wrongWays);
  return [
    ["route", "guard", "whose", ...ways.map(([way]) => way), "another tenant's ids"],
    ...Object.entries(routes).map(([route, { guard, whose, foreignIds }]) => [
      route,
      guard,
      whose,
      ...ways.map(([, code]) => (guard === "session" ? code : "–")),
      foreignIds ?? "–",
    ]),
  ];
}

const markdown = ([head = [], ...rows]: readonly (readonly string[])[]) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

/** What others wrote stays in its cell. */
const cell = (text: string) => text.replaceAll("|", "\\|").replace(/\s+/g, " ");
