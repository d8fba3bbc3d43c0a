import type { ErpFinding } from "../connector.ts";
import { found } from "../transport/findings.ts";
import type { Environment } from "./environment.ts";
import { quoted } from "./odata.ts";

/** What is read and written, with the properties that are named. */
const sets = {
  CustomersV3: ["CustomerAccount", "OrganizationName", "PrimaryContactEmail"],
  CustTransBiEntities: ["SourceKey", "Invoice", "CurrencyCode", "AmountCur", "SettleAmountCur", "TransType"],
  CustomerPaymentJournalHeaders: ["JournalBatchNumber", "JournalName", "Description", "IsPosted"],
};

/** Each entity tried with the properties that are used of it. Never throws. */
export async function probeEnvironment(
  { odata, config }: Environment,
  { signal }: { signal: AbortSignal },
): Promise<ErpFinding[]> {
  const findings: ErpFinding[] = [];
  for (const [set, select] of Object.entries(sets)) {
    const look = () => odata.list({ set, filter: `dataAreaId eq ${quoted(config.company)}`, select, signal });
    findings.push(
      await found(`${set} can be read in ${config.company}`, look, "give the application's user that entity"),
    );
  }
  return findings;
}
