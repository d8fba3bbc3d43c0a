import { Hono } from "hono";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { failure, RestError } from "./errors.ts";
import { type FeatureSwitches, type Features, recordsOf, schemaOf } from "./features.ts";
import { invalid, translate } from "./suiteql-translate.ts";

const suiteqlPath = "/services/rest/query/v1/suiteql";
const largestPage = 1000;
/** PostgreSQL's type id of `date`. */
const dateType = 1082;

/** Nothing beside `q`: the REST service takes no parameters, unlike `N/query` in a script. */
const Body = z.strictObject({ q: z.string().min(1).max(20_000) });

type Item = Record<string, unknown>;

/** `POST …/suiteql?limit=&offset=`: needs `Prefer: transient`; pages of at most 1,000. */
export function suiteqlRoutes(sql: Sql, features: FeatureSwitches): Hono<ErpEnv> {
  return new Hono<ErpEnv>().post(suiteqlPath, async (c) => {
    if (!/\btransient\b/.test(c.req.header("prefer") ?? "")) {
      return failure(c, 400, {
        detail:
          "The required request header 'Prefer' is missing or its value is invalid. Expected: transient.",
        code: "INVALID_HEADER",
      });
    }
    const body = Body.safeParse(await c.req.json().catch(() => null));
    if (!body.success) {
      return failure(c, 400, {
        detail: `Invalid content in the request body. ${z.prettifyError(body.error)}`,
        code: "INVALID_CONTENT",
      });
    }
    const limit = Number(c.req.query("limit") ?? largestPage);
    const offset = Number(c.req.query("offset") ?? 0);
    if (
      !Number.isInteger(limit) ||
      limit < 1 ||
      limit > largestPage ||
      !Number.isInteger(offset) ||
      offset % limit
    ) {
      return failure(c, 400, {
        detail: `Invalid query parameter. Use a limit from 1 to ${largestPage} and an offset divisible by it.`,
        code: "INVALID_PARAMETER",
        queryParameter: "limit",
      });
    }
    try {
      const { items, total } = await run(sql, body.data.q, { limit, offset, features: features.now });
      const at = (from: number) => `${new URL(c.req.url).origin}${suiteqlPath}?limit=${limit}&offset=${from}`;
      const hasMore = offset + items.length < total;
      return c.json({
        links: [
          { rel: "self", href: at(offset) },
          ...(offset > 0 ? [{ rel: "previous", href: at(Math.max(0, offset - limit)) }] : []),
          ...(hasMore ? [{ rel: "next", href: at(offset + limit) }] : []),
        ],
        count: items.length,
        hasMore,
        items,
        offset,
        totalResults: total,
      });
    } catch (error) {
      if (error instanceof RestError) return failure(c, error.status, error.error);
      throw error;
    }
  });
}

async function run(
  sql: Sql,
  q: string,
  page: { limit: number; offset: number; features: Features },
): Promise<{ items: Item[]; total: number }> {
  const query = translate(q, recordsOf(page.features));
  try {
    return await sql.begin("read only", async (tx) => {
      await tx.unsafe(`set local search_path to ${schemaOf(page.features)}`);
      const [counted] = await tx.unsafe<{ total: number }[]>(
        `select count(*)::int as total from (${query.sql}) counted`,
      );
      const rows = await tx.unsafe(`${query.sql} limit ${page.limit} offset ${page.offset}`);
      const dates = new Set(
        rows.columns.filter((column) => column.type === dateType).map(({ name }) => name),
      );
      return { items: rows.map((row) => toItem(row, dates)), total: counted?.total ?? 0 };
    });
  } catch (error) {
    const missing = /column "?(?:\w+\.)?(\w+)"? does not exist/.exec((error as Error).message)?.[1];
    if (missing) {
      throw invalid(`Unknown identifier '${missing}'. Available identifiers are: {${query.aliases}}.`);
    }
    // Classes 42 (syntax) and 22 (a value of the wrong type): the query's fault.
    if (/^(42|22)/.test((error as { code?: string }).code ?? "")) {
      throw invalid(`Invalid or unsupported search: ${(error as Error).message}.`);
    }
    throw error;
  }
}

/**
 * A row as REST sends it: every value a string, empty ones left out, dates in the account's format
 * (`M/D/YYYY`), a `links` array that is always empty.
 */
function toItem(row: Record<string, unknown>, dates: Set<string>): Item {
  const item: Item = { links: [] };
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === undefined) continue;
    item[name] = dates.has(name) ? accountDate(String(value)) : String(value);
  }
  return item;
}

function accountDate(isoDate: string): string {
  const [year, month, day] = isoDate.split("-").map(Number);
  return `${month}/${day}/${year}`;
}
