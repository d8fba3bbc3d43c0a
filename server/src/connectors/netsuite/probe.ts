import type { ErpFinding } from "../connector.ts";
import { advise, fine, found, note } from "../transport/findings.ts";
import type { Account } from "./account.ts";
import { type BookedIn, depositAccount } from "./deposit-account.ts";
import { NotInAccount } from "./errors.ts";
import { internalId, suiteql } from "./literals.ts";
import { readFields } from "./metadata.ts";
import { invoicesOf } from "./open-invoices.ts";

type Row = Record<string, string>;

/** Nobody has it: the columns are what is asked for. */
const nobody = 0n;

/** What it takes to read invoices and to book payments in this account, each thing tried. Never throws. */
export async function probeAccount(
  account: Account,
  { signal }: { signal: AbortSignal },
): Promise<ErpFinding[]> {
  const invoices = await found(
    "open invoices can be read",
    () => invoicesOf(account, { customer: nobody, signal }),
    "give the integration's role SuiteAnalytics Workbook and the transactions, and compare the columns named here",
  );
  if (!invoices.ok) return [invoices];
  const answers = [invoices, featureFinding(account), await fieldFinding(account, signal)];
  if (account.config.depositTo === "undeposited_funds") {
    return [...answers, fine("payments go into Undeposited Funds; a deposit empties it")];
  }
  return [...answers, ...(await accountFindings(account, signal))];
}

function featureFinding({ features, config }: Account): ErpFinding {
  return fine(
    features.has("currency")
      ? "the account has several currencies"
      : `the account has one currency, ${config.baseCurrency}`,
  );
}

async function fieldFinding(account: Account, signal: AbortSignal): Promise<ErpFinding> {
  try {
    const fields = await readFields(account, signal);
    const missing = ["customer", "payment", "account", "undepFunds", "apply"].filter(
      (name) => !fields.has(name),
    );
    if (missing.length > 0) {
      return advise(
        `customerPayment has no ${missing.join(", ")}`,
        "give the integration's role the permission Customer Payment: Full",
      );
    }
    if (fields.has("handlingMode")) return fine("payments are saved only: no stored card is charged");
    account.features.lacks("handlingMode");
    return fine("payments can be booked; Payment Instruments is off");
  } catch (error) {
    return note(
      `whether payments can be booked was not found out: ${reasonOf(error)}`,
      "give the integration's role the permission Customer Payment: Full, and REST Web Services",
    );
  }
}

interface DepositAccount {
  id: string;
  name: string;
  inactive: boolean;
  /** ISO code; null: takes all. */
  currency: string | null;
  /** null: the account has no subsidiaries. */
  subsidiaries: Set<string> | null;
}

/** Each deposit account, and whether what is open now would be taken by the one it falls to. */
async function accountFindings(account: Account, signal: AbortSignal): Promise<ErpFinding[]> {
  const { depositAccountId, depositAccounts = [] } = account.config;
  const ids = [...new Set([depositAccountId, ...depositAccounts.map(({ accountId }) => accountId)])];
  const malformed = ids.filter((id) => internalId(id) === null);
  if (malformed.length > 0) {
    const advice = "a deposit account is named by its internal id, digits alone";
    return malformed.map((id) => advise(`deposit account ${id} is no internal id`, advice));
  }
  try {
    const known = await readAccounts(account, ids, signal);
    const asked = await openIn(account, signal);
    return [
      ...ids.flatMap((id) => existenceOf(id, known.get(id))),
      ...asked.map((bookedIn) => fitOf(bookedIn, known.get(depositAccount(account.config, bookedIn)))),
    ];
  } catch (error) {
    const advice = "give the integration's role the permission Accounts: View, or compare them by hand";
    return [note(`the deposit accounts could not be looked at: ${reasonOf(error)}`, advice)];
  }
}

function existenceOf(id: string, account: DepositAccount | undefined): ErpFinding[] {
  if (!account) {
    return [advise(`there is no deposit account ${id}`, "name another one in the connector's setting")];
  }
  const what = `deposit account ${id} is ${account.name}`;
  return account.inactive
    ? [advise(`${what}, inactive`, "make it active, or name another one")]
    : [fine(what)];
}

function fitOf({ currency, subsidiaryId }: BookedIn, account: DepositAccount | undefined): ErpFinding {
  const what = `payments in ${currency}${subsidiaryId === null ? "" : ` of subsidiary ${subsidiaryId}`}`;
  const advice = `add the right account to depositAccounts: {accountId, ${subsidiaryId === null ? "" : `subsidiaryId: "${subsidiaryId}", `}currency: "${currency}"}`;
  if (!account) return advise(`${what} have no deposit account`, advice);
  const wrongCurrency = account.currency !== null && account.currency !== currency;
  const wrongSubsidiary = subsidiaryId !== null && account.subsidiaries?.has(subsidiaryId) === false;
  if (!wrongCurrency && !wrongSubsidiary) return fine(`${what} go to ${account.name}`);
  const why = wrongCurrency ? `it is in ${account.currency}` : "it is not that subsidiary's";
  return advise(`${what} would go to ${account.name}, which cannot take them: ${why}`, advice);
}

async function readAccounts(
  account: Account,
  ids: string[],
  signal: AbortSignal,
): Promise<Map<string, DepositAccount>> {
  const { ask, features } = account;
  const wanted = ids.map(BigInt);
  const rows = await features.without(["currency"], () => {
    const [symbol, joined] = features.has("currency")
      ? [suiteql`, c.symbol`, suiteql`LEFT JOIN currency c ON c.id = a.currency`]
      : [suiteql``, suiteql``];
    const query = suiteql`
      SELECT a.id, a.fullname, a.isinactive ${symbol} FROM account a ${joined} WHERE a.id IN (${wanted})`;
    return ask({ query, signal });
  });
  const subsidiaries = await subsidiariesOf(account, wanted, signal);
  const toAccount = ({ id = "", fullname = id, isinactive, symbol }: Row): DepositAccount => ({
    ...{ id, name: fullname, inactive: isinactive === "T", currency: symbol ?? null },
    subsidiaries: subsidiaries?.get(id) ?? null,
  });
  return new Map(rows.map((row) => [row.id ?? "", toAccount(row)]));
}

/** Of each account; null: there are no subsidiaries. */
async function subsidiariesOf(
  { ask }: Account,
  wanted: bigint[],
  signal: AbortSignal,
): Promise<Map<string, Set<string>> | null> {
  const query = suiteql`
    SELECT m.account, m.subsidiary FROM accountsubsidiarymap m WHERE m.account IN (${wanted})`;
  try {
    const rows = await ask({ query, signal });
    return new Map(
      wanted.map((id) => [
        String(id),
        new Set(
          rows.filter(({ account }) => account === String(id)).map(({ subsidiary = "" }) => subsidiary),
        ),
      ]),
    );
  } catch (error) {
    if (error instanceof NotInAccount) return null;
    throw error;
  }
}

/** What open invoices are booked in: what payments will be. */
async function openIn(account: Account, signal: AbortSignal): Promise<BookedIn[]> {
  const { ask, features, config } = account;
  const rows = await features.without(["currency", "subsidiary"], async (): Promise<Row[]> => {
    const parts = [
      ...(features.has("currency")
        ? [[suiteql`c.symbol`, suiteql`JOIN currency c ON c.id = t.currency`] as const]
        : []),
      ...(features.has("subsidiary")
        ? [
            [
              suiteql`tl.subsidiary`,
              suiteql`JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'`,
            ] as const,
          ]
        : []),
    ];
    const [first, second] = parts;
    if (!first) return [{}];
    const columns = second ? suiteql`${first[0]}, ${second[0]}` : first[0];
    const joined = second ? suiteql`${first[1]} ${second[1]}` : first[1];
    const query = suiteql`
      SELECT DISTINCT ${columns} FROM transaction t ${joined}
      WHERE t.type = 'CustInvc' AND t.foreignamountunpaid > 0 AND t.voided = 'F'`;
    return ask({ query, signal });
  });
  return rows.map(({ symbol = config.baseCurrency ?? "?", subsidiary }) => ({
    currency: symbol,
    subsidiaryId: subsidiary ?? null,
  }));
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
