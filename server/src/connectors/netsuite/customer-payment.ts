import { ErpError, type ErpPayment, type PostResult } from "../connector.ts";
import type { ErpClient } from "../transport/client.ts";
import { exactNumber } from "../transport/exact-json.ts";
import { isRefusal, retryOf } from "../transport/failure.ts";
import type { NetsuiteConfig } from "./config.ts";
import { failureOfNetsuite } from "./errors.ts";
import type { SuiteQL } from "./suiteql.ts";

interface Account {
  client: ErpClient;
  suiteql: SuiteQL;
  config: NetsuiteConfig;
  currencyId: (isoCode: string, signal: AbortSignal) => Promise<string | null>;
}

const recordPath = "/services/rest/record/v1/customerPayment";
const byExternalId = "SELECT t.id FROM transaction t WHERE t.type = 'CustPymt' AND t.externalid = ?";

/**
 * Looks for the external id, then upserts under it. The look-up keeps an earlier try's record from
 * being written a second time (its invoices may have changed since); the upsert is the guard against
 * a try that is still on its way.
 */
export async function postCustomerPayment(
  account: Account,
  { payment, signal }: { payment: ErpPayment; signal: AbortSignal },
): Promise<PostResult> {
  try {
    const earlier = await find(account, { payment, signal });
    if (earlier) return { kind: "posted", erpRef: earlier, already: true };
    const currencyId = await account.currencyId(payment.currency, signal);
    if (!currencyId) return { kind: "refused", cause: `the account has no currency ${payment.currency}` };

    const answer = await account.client.send({
      method: "PUT",
      url: new URL(`${recordPath}/eid:${encodeURIComponent(payment.externalId)}`, account.config.baseUrl),
      headers: { "content-type": "application/json", "x-netsuite-propertynamevalidation": "Error" },
      body: JSON.stringify(toRecord(payment, { currencyId, accountId: account.config.depositAccountId })),
      signal,
    });
    if (answer.status < 300)
      return await confirmed(account, { payment, signal, location: answer.headers.get("location") });
    const failure = failureOfNetsuite(answer);
    return isRefusal(answer.status, failure) ? { kind: "refused", cause: failure.message } : retryOf(failure);
  } catch (error) {
    return retryOf(error);
  }
}

/**
 * `customerPayment` as the REST schema names it. Without `paymentOption` NetSuite only records: the
 * card was charged elsewhere. `autoApply` is off, so that nothing but the chosen invoices is paid.
 */
function toRecord(
  payment: ErpPayment,
  ids: { currencyId: string; accountId: string },
): Record<string, unknown> {
  const amount = (amountMinor: bigint) => exactNumber(amountMinor, payment.currency);
  return {
    customer: { id: payment.customerId },
    currency: { id: ids.currencyId },
    account: { id: ids.accountId },
    tranDate: payment.capturedOn,
    memo: payment.memo,
    payment: amount(payment.amountMinor),
    autoApply: false,
    apply: {
      items: payment.lines.map((line) => ({
        doc: { id: line.invoiceId },
        apply: true,
        amount: amount(line.amountMinor),
        line: 0,
      })),
    },
  };
}

async function find(
  { suiteql }: Account,
  { payment, signal }: { payment: ErpPayment; signal: AbortSignal },
): Promise<string | null> {
  const rows = await suiteql({ q: byExternalId, params: [payment.externalId], signal });
  return rows[0]?.id ?? null;
}

async function confirmed(
  account: Account,
  { location, ...what }: { payment: ErpPayment; signal: AbortSignal; location: string | null },
): Promise<PostResult> {
  const erpRef = /\/customerPayment\/(\d+)$/i.exec(location ?? "")?.[1] ?? (await find(account, what));
  if (!erpRef) throw new ErpError("protocol", "NetSuite said yes, but the payment cannot be found");
  return { kind: "posted", erpRef, already: false };
}
