import { z } from "zod";
import { ErpError } from "../connector.ts";
import type { Account } from "./account.ts";
import { failureOfNetsuite } from "./errors.ts";

export const recordPath = "/services/rest/record/v1/customerPayment";
const catalogPath = "/services/rest/record/v1/metadata-catalog/customerPayment";

const Schema = z.object({ properties: z.record(z.string(), z.unknown()) });

/** Names of the fields that `customerPayment` has in this account, by its own JSON schema. @throws ErpError */
export async function readFields({ client, config }: Account, signal: AbortSignal): Promise<Set<string>> {
  const answer = await client.send({
    method: "GET",
    url: new URL(catalogPath, config.baseUrl),
    headers: { accept: "application/schema+json" },
    signal,
  });
  if (answer.status !== 200) throw failureOfNetsuite(answer);
  try {
    return new Set(Object.keys(Schema.parse(JSON.parse(answer.text)).properties));
  } catch (cause) {
    throw new ErpError("protocol", "the schema of customerPayment cannot be read", { cause });
  }
}
