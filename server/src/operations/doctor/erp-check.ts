import type { MakeContext } from "../../context/context-factory.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { bad, type Check, type Finding, fine, note, reasonOf } from "../finding.ts";
import type { Operator } from "../operator.ts";

/** ERPs asked at once; each keeps its own limit beside. */
const parallel = 4;
/** A probe is a dozen readings, ms. */
const probeTimeoutMs = 60_000;

/** Tries each active tenant's ERP settings: a dozen readings there, so only when it is asked for. */
export const erpFindings =
  (makeContext: MakeContext): Check =>
  async ({ ctx, records }) => {
    const active = records.filter(({ status, parked }) => status === "active" && !parked);
    const answers: Finding[][] = [];
    const waiting = active.entries();
    const look = async () => {
      for (const [place, record] of waiting) answers[place] = await probe({ ctx, record, makeContext });
    };
    await Promise.all(Array.from({ length: parallel }, look));
    return answers.flat();
  };

async function probe(input: {
  ctx: Operator;
  record: TenantRecord;
  makeContext: MakeContext;
}): Promise<Finding[]> {
  const { ctx, record, makeContext } = input;
  const about = (what: string) => `${record.slug}, its ERP: ${what}`;
  const why = "its invoices are not read, or its payments not posted";
  try {
    const open = await ctx.tenants.open(record.id);
    const connector = await makeContext(open, { actor: ctx.actor, requestId: "doctor" }).connector();
    if (!connector) return [fine(about("none is set up"))];
    const findings = await connector.probe({ signal: AbortSignal.timeout(probeTimeoutMs) });
    return findings.map(({ ok, what, advice }) => {
      if (!ok) return bad(about(what), why, advice ?? "look at the connector's setting");
      return advice === null ? fine(about(what)) : note(about(what), "some payments may be refused", advice);
    });
  } catch (error) {
    return [bad(about(reasonOf(error)), why, "compare the settings connector and connector.secret")];
  }
}
