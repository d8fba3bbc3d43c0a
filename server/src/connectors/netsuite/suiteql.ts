import { z } from "zod";
import { ErpError } from "../connector.ts";
import type { ErpClient } from "../transport/client.ts";
import { parseExact } from "../transport/exact-json.ts";
import { failureOfNetsuite, NotInAccount, notInAccount } from "./errors.ts";
import type { SuiteQuery } from "./literals.ts";

/** The most NetSuite gives at once. */
const pageSize = 1000;
/** A customer with more open invoices than this is a mistake in the query. */
const mostRows = 20_000;

/**
 * One query, all its pages. Values are text, empty ones are missing.
 * @throws NotInAccount when a column or record it names is switched off here; ErpError
 */
export type SuiteQL = (input: {
  query: SuiteQuery;
  signal: AbortSignal;
}) => Promise<Record<string, string>[]>;

const Page = z.object({
  hasMore: z.boolean(),
  // What is no row is one without fields.
  items: z.array(z.record(z.string(), z.unknown()).catch({})),
});

export function createSuiteQL({ client, baseUrl }: { client: ErpClient; baseUrl: string }): SuiteQL {
  return async ({ query, signal }) => {
    const rows: Record<string, string>[] = [];
    for (let offset = 0; offset < mostRows; offset += pageSize) {
      const url = new URL("/services/rest/query/v1/suiteql", baseUrl);
      url.searchParams.set("limit", String(pageSize));
      url.searchParams.set("offset", String(offset));
      const answer = await client.send({
        method: "POST",
        url,
        // Without it NetSuite refuses the query.
        headers: { prefer: "transient", "content-type": "application/json" },
        body: JSON.stringify({ q: query.q }),
        signal,
      });
      if (answer.status !== 200) {
        const missing = notInAccount(answer);
        throw missing ? new NotInAccount(missing) : failureOfNetsuite(answer);
      }
      const page = readPage(answer.text);
      rows.push(...page.items.map(textValues));
      if (!page.hasMore) return rows;
    }
    throw new ErpError("protocol", `more than ${mostRows} rows`);
  };
}

function readPage(text: string): z.infer<typeof Page> {
  try {
    return Page.parse(parseExact(text));
  } catch (cause) {
    throw new ErpError("protocol", "the answer is no page of query results", { cause });
  }
}

/** Drops `links` and empty values; NetSuite leaves empty ones out, gateways may send null. */
function textValues(item: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(item).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && entry[1] !== "",
    ),
  );
}
