import { z } from "zod";
import { ErpError } from "../connector.ts";
import type { ErpClient } from "../transport/client.ts";
import { parseExact } from "../transport/exact-json.ts";
import type { ErpAnswer } from "../transport/exchange.ts";
import { failureOf } from "../transport/failure.ts";
import type { Filter } from "./literals.ts";

/** A customer with more rows than this is a mistake in the filter. */
const mostRows = 50_000;

export type Row = Record<string, unknown>;

/** Finance and Operations' OData service of one environment. Numbers arrive as text. */
export interface OData {
  /**
   * Every row that fits, all pages, all companies (the filter names one). Never filter by an enumeration: some are
   * answered with no rows and no error; select it, and compare here. @throws ErpError
   */
  list(input: { set: string; filter: Filter; select?: string[]; signal: AbortSignal }): Promise<Row[]>;
  /** Creates a row. Success answers it as stored; anything else is the caller's to judge. */
  create(input: { set: string; row: Row; signal: AbortSignal }): Promise<ErpAnswer>;
  /** Removes the row of this key, whatever has become of it. */
  remove(input: {
    set: string;
    key: Record<string, string | number>;
    signal: AbortSignal;
  }): Promise<ErpAnswer>;
}

const Page = z.object({
  // What is no row is one without fields.
  value: z.array(z.record(z.string(), z.unknown()).catch({})),
  "@odata.nextLink": z.string().optional(),
});

export function createOData({ client, baseUrl }: { client: ErpClient; baseUrl: string }): OData {
  const at = (set: string) => new URL(`/data/${set}`, baseUrl);
  return {
    async list({ set, filter, select, signal }) {
      const first = at(set);
      // The default is the service user's own company only.
      const query = [`cross-company=true`, `$filter=${encodeURIComponent(filter.text)}`];
      if (select) query.push(`$select=${select.join(",")}`);
      first.search = query.join("&");

      const rows: Row[] = [];
      for (let url: URL | null = first; url; ) {
        const answer = await client.send({ method: "GET", url, headers: {}, signal });
        if (answer.status !== 200) throw failureOfOData(answer);
        const page = readPage(answer.text);
        rows.push(...page.value);
        if (rows.length > mostRows) throw new ErpError("protocol", `${set}: more than ${mostRows} rows`);
        url = nextOf(page["@odata.nextLink"], first);
      }
      return rows;
    },
    create: ({ set, row, signal }) =>
      client.send({
        method: "POST",
        url: at(set),
        headers: { "content-type": "application/json" },
        body: JSON.stringify(row),
        writes: true,
        signal,
      }),
    remove({ set, key, signal }) {
      const predicate = Object.entries(key)
        .map(
          ([name, value]) =>
            `${name}=${typeof value === "number" ? value : `'${value.replaceAll("'", "''")}'`}`,
        )
        .join(",");
      const url = at(`${set}(${encodeURIComponent(predicate)})`);
      // Another company's row is not found without it.
      url.search = "cross-company=true";
      return client.send({ method: "DELETE", url, headers: { "if-match": "*" }, writes: true, signal });
    },
  };
}

function readPage(text: string): z.infer<typeof Page> {
  try {
    return Page.parse(parseExact(text));
  } catch (cause) {
    throw new ErpError("protocol", "the answer is no OData page", { cause });
  }
}

/** The next page, only ever on the host that holds our token's audience. */
function nextOf(link: string | undefined, first: URL): URL | null {
  if (link === undefined) return null;
  const next = new URL(link, first);
  if (next.origin !== first.origin) throw new ErpError("protocol", "the next page is on another host");
  return next;
}

/** `{"error": {"code", "message", "innererror": {"message"}}}`; the inner one says what was wrong. */
export function failureOfOData(answer: ErpAnswer): ErpError {
  return failureOf(answer, wordsOf(answer.text));
}

function wordsOf(text: string): string {
  try {
    const { error } = JSON.parse(text);
    return [error.message, error.innererror?.message].filter(Boolean).join(" ") || "without a message";
  } catch {
    return "without a message";
  }
}
