import { ErpError, type ErpFinding } from "../connector.ts";
import { advise, fine, found, note } from "../transport/findings.ts";
import { type Environment, inCompany } from "./environment.ts";
import { type Filter, odata } from "./literals.ts";

/** What is read and written, with the properties that are named; of nobody, so that no rows come. */
const entities: { set: string; select: string[]; nobody: Filter }[] = [
  {
    set: "CustomersV3",
    select: ["CustomerAccount", "OrganizationName", "PrimaryContactEmail"],
    nobody: odata`CustomerAccount eq ${""}`,
  },
  {
    set: "CustTransBiEntities",
    select: ["SourceKey", "Invoice", "CurrencyCode", "AmountCur", "SettleAmountCur", "DueDate", "TransType"],
    nobody: odata`AccountNum eq ${""} and Closed lt 1900-01-02T00:00:00Z`,
  },
  {
    set: "CustomerPaymentJournalHeaders",
    select: ["JournalBatchNumber", "IsPosted"],
    nobody: odata`Description eq ${""} and JournalBatchNumber eq ${""}`,
  },
  {
    set: "CustomerPaymentJournalLines",
    select: ["JournalBatchNumber", "LineNumber", "CreditAmount", "CurrencyCode", "MarkedInvoice"],
    nobody: odata`JournalBatchNumber eq ${""} and PaymentReference eq ${""}`,
  },
];

interface Probing {
  signal: AbortSignal;
}

/** Each entity tried with the properties that are used of it, then journal name and banks. Never throws. */
export async function probeEnvironment(environment: Environment, probing: Probing): Promise<ErpFinding[]> {
  const { company } = environment.config;
  const findings: ErpFinding[] = [];
  for (const { set, select, nobody } of entities) {
    const look = () =>
      environment.odata.list({
        ...{ set, select, signal: probing.signal },
        filter: odata`${inCompany(environment)} and ${nobody}`,
      });
    const advice = `give the application's user that entity, and compare the properties named here`;
    const finding = await found(`${set} can be read`, look, advice);
    findings.push(finding);
    // Whatever keeps the first from being read keeps the others too.
    if (!finding.ok && findings.length === 1) return findings;
  }
  return [
    ...findings,
    await settingFinding(`journal name ${environment.config.journalName} in ${company}`, () =>
      journalName(environment, probing),
    ),
    ...(await Promise.all(
      banksOf(environment).map(({ account, currency }) =>
        settingFinding(`bank account ${account} in ${company}`, () =>
          bankAccount(environment, { ...probing, account, currency }),
        ),
      ),
    )),
  ];
}

/** What `look` found; that the entity is not there to be read is no fault. */
async function settingFinding(what: string, look: () => Promise<ErpFinding | null>): Promise<ErpFinding> {
  try {
    return (await look()) ?? advise(`there is no ${what}`, "name another one in the connector's setting");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice =
      error instanceof ErpError && error.code === "not_found" ? "compare it by hand" : `try again: ${reason}`;
    return note(`${what} could not be looked at`, advice);
  }
}

async function journalName(environment: Environment, { signal }: Probing): Promise<ErpFinding | null> {
  const { journalName: name, company } = environment.config;
  const filter = odata`${inCompany(environment)} and Name eq ${name}`;
  const [row] = await environment.odata.list({
    set: "JournalNames",
    filter,
    select: ["Name", "Type"],
    signal,
  });
  if (!row) return null;
  const what = `payments go into journals named ${name} in ${company}`;
  // Compared here: a filter by an enumeration finds nothing.
  if (row.Type === undefined || row.Type === "CustPayment") return fine(what);
  return advise(`${what}, which are of type ${row.Type}`, "name one of type Customer payment");
}

async function bankAccount(
  environment: Environment,
  { account, currency, signal }: Probing & { account: string; currency: string | null },
): Promise<ErpFinding | null> {
  const filter = odata`${inCompany(environment)} and BankAccountId eq ${account}`;
  const select = ["BankAccountId", "CurrencyCode"];
  const [row] = await environment.odata.list({ set: "BankAccounts", filter, select, signal });
  if (!row) return null;
  const what = `payments${currency ? ` in ${currency}` : ""} are deposited to ${account}, in ${row.CurrencyCode}`;
  if (currency === row.CurrencyCode) return fine(what);
  return note(what, `what is in another currency needs "allow transactions in additional currencies" there`);
}

function banksOf({ config }: Environment): { account: string; currency: string | null }[] {
  const { offsetAccount, offsetAccounts = [] } = config;
  return [...offsetAccounts, { account: offsetAccount, currency: null }];
}
