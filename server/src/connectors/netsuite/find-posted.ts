import { parseExact } from "../transport/exact-json.ts";
import type { Account } from "./account.ts";
import { failureOfNetsuite } from "./errors.ts";
import { suiteql } from "./literals.ts";
import { recordPath } from "./metadata.ts";

/** Internal id of the payment that has this external id already; null: none has. @throws ErpError */
export async function findPosted(
  account: Account,
  { payment, signal }: { payment: { externalId: string }; signal: AbortSignal },
): Promise<string | null> {
  const query = suiteql`
    SELECT t.id FROM transaction t WHERE t.type = 'CustPymt' AND t.externalid = ${payment.externalId}`;
  const [row] = await account.ask({ query, signal });
  return row?.id ?? null;
}

/** A payment as it is booked; its sublists come along. @throws ErpError */
export async function readPayment(
  account: Account,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<unknown> {
  const url = new URL(`${recordPath}/${id}`, account.config.baseUrl);
  url.searchParams.set("expandSubResources", "true");
  const answer = await account.client.send({ method: "GET", url, headers: {}, signal });
  if (answer.status !== 200) throw failureOfNetsuite(answer);
  return parseExact(answer.text);
}
