import { type Context, Hono } from "hono";
import type { Sql } from "../../shared/database.ts";
import type { ErpEnv } from "../../shared/faults.ts";
import { failure, ODataError } from "../errors.ts";
import { type Entity, type EntitySet, etagOf, type StoredEntity } from "./entity.ts";
import { parsePath } from "./path.ts";
import { runQuery } from "./query.ts";

export interface ODataOptions {
  sql: Sql;
  sets: Record<string, EntitySet>;
  /** What a request without `cross-company=true` sees: the caller's own legal entity. */
  defaultCompany: string;
  /** Records a page at most; F&O has 10,000. */
  pageSize: number;
}

const headers = {
  "odata-version": "4.0",
  "content-type": "application/json; odata.metadata=minimal; odata.streaming=true",
};

/** OData v4 as far as F&O's data entities need it: read, filter, page, create, change with ETag, delete. */
export function odataRoutes(options: ODataOptions): Hono<ErpEnv> {
  const handle = (work: (c: Context, at: Target) => Promise<Response>) => async (c: Context) => {
    try {
      const segment = decodeURIComponent(new URL(c.req.url).pathname.slice("/data/".length));
      const { set: name, key } = parsePath(segment);
      const set = options.sets[name];
      if (!set) throw new ODataError(`Resource not found for the segment '${name}'.`, 404);
      return await work(c, { name, set, key, root: `${new URL(c.req.url).origin}/data` });
    } catch (error) {
      if (error instanceof ODataError) return failure(c, error.status, error.message);
      throw error;
    }
  };
  return new Hono<ErpEnv>()
    .get(
      "/data/*",
      handle((c, at) => (at.key ? readOne(c, at, options) : readMany(c, at, options))),
    )
    .post(
      "/data/*",
      handle((c, at) => create(c, at, options)),
    )
    .patch(
      "/data/*",
      handle((c, at) => change(c, at, options)),
    )
    .delete(
      "/data/*",
      handle((c, at) => change(c, at, options)),
    );
}

interface Target {
  name: string;
  set: EntitySet;
  key: Entity | null;
  root: string;
}

/** Without `cross-company=true` other legal entities do not exist. */
async function visible(c: Context, { set }: Target, options: ODataOptions): Promise<StoredEntity[]> {
  const records = await set.load(options.sql);
  if (c.req.query("cross-company")?.toLowerCase() === "true") return records;
  return records.filter(({ entity }) => entity[set.company] === options.defaultCompany);
}

async function readMany(c: Context, at: Target, options: ODataOptions): Promise<Response> {
  const { rows, count, nextSkip } = runQuery(await visible(c, at, options), {
    type: at.set,
    search: new URL(c.req.url).searchParams,
    pageSize: Math.min(options.pageSize, preferredPage(c.req.header("prefer")) ?? options.pageSize),
  });
  const next = new URL(c.req.url);
  if (nextSkip !== null) next.searchParams.set("$skiptoken", String(nextSkip));
  const body = {
    "@odata.context": `${at.root}/$metadata#${at.name}`,
    ...(count === null ? {} : { "@odata.count": count }),
    value: rows,
    ...(nextSkip === null ? {} : { "@odata.nextLink": next.href }),
  };
  return c.body(JSON.stringify(body), 200, headers);
}

const preferredPage = (prefer: string | undefined): number | null => {
  const wanted = /odata\.maxpagesize=(\d+)/.exec(prefer ?? "")?.[1];
  return wanted ? Number(wanted) : null;
};

async function readOne(c: Context, at: Target, options: ODataOptions): Promise<Response> {
  const found = await find(c, at, options);
  return answer(c, 200, at, found);
}

async function find(c: Context, at: Target, options: ODataOptions): Promise<StoredEntity> {
  const key = at.key ?? {};
  const same = (name: string, value: unknown) =>
    String(value).toLowerCase() === String(key[name] ?? "").toLowerCase();
  const found = (await visible(c, at, options)).find(({ entity }) =>
    at.set.keys.every((name) => same(name, entity[name])),
  );
  if (!found)
    throw new ODataError(`No HTTP resource was found that matches the request URI '${c.req.url}'.`, 404);
  return found;
}

async function create(c: Context, at: Target, options: ODataOptions): Promise<Response> {
  if (!at.set.create || at.key) throw new ODataError("The requested resource does not support POST.", 405);
  const sent = await bodyOf(c, at.set);
  const named = at.set.hasCompanyContext ? sent[at.set.company] : undefined;
  const body = { ...sent, [at.set.company]: named ?? options.defaultCompany };
  const key = await at.set.create(options.sql, body);
  const made = (await at.set.load(options.sql)).find(({ entity }) =>
    at.set.keys.every((name) => entity[name] === key[name]),
  );
  if (!made) throw new Error(`${at.name} made a record it does not find`);
  const predicate = at.set.keys
    .map(
      (name) =>
        `${name}=${typeof made.entity[name] === "number" ? made.entity[name] : `'${made.entity[name]}'`}`,
    )
    .join(",");
  c.header("location", `${at.root}/${at.name}(${predicate})`);
  return answer(c, 201, at, made);
}

/** PATCH and DELETE: only for who has seen the record as it is now. */
async function change(c: Context, at: Target, options: ODataOptions): Promise<Response> {
  const act = c.req.method === "PATCH" ? at.set.update : at.set.remove;
  if (!act || !at.key) throw new ODataError(`The requested resource does not support ${c.req.method}.`, 405);
  const found = await find(c, at, options);
  const ifMatch = c.req.header("if-match");
  if (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== etagOf(found)) {
    throw new ODataError("The record has been changed by another user. Refresh it and try again.", 412);
  }
  const body = c.req.method === "PATCH" ? await bodyOf(c, at.set) : {};
  await act(options.sql, found.entity, body);
  return c.body(null, 204, { "odata-version": "4.0" });
}

async function bodyOf(c: Context, set: EntitySet): Promise<Record<string, unknown>> {
  const body = await c.req.json().catch(() => null);
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new ODataError("An unexpected 'EndOfInput' node was found when reading from the JSON reader.");
  }
  for (const name of Object.keys(body)) {
    if (name.startsWith("@odata.") || name in set.properties) continue;
    throw new ODataError(
      `The property '${name}' does not exist on type 'Microsoft.Dynamics.DataEntities.${set.name}'. Make sure to only use property names that are defined by the type.`,
    );
  }
  return body;
}

function answer(c: Context, status: 200 | 201, at: Target, found: StoredEntity): Response {
  const body = {
    "@odata.context": `${at.root}/$metadata#${at.name}/$entity`,
    "@odata.etag": etagOf(found),
    ...found.entity,
  };
  return c.body(JSON.stringify(body), status, { ...headers, etag: etagOf(found) });
}
