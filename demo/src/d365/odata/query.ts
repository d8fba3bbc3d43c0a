import { ODataError } from "../errors.ts";
import { type Entity, type EntitySet, etagOf, type StoredEntity } from "./entity.ts";
import { parseFilter } from "./filter.ts";

export interface Page {
  rows: Record<string, unknown>[];
  /** With `$count=true`: of all that fit, not of the page. */
  count: number | null;
  /** Where the next page starts; null: this was the last. */
  nextSkip: number | null;
}

interface Query {
  type: EntitySet;
  search: URLSearchParams;
  pageSize: number;
}

/** `$filter`, `$orderby`, `$skip`, `$top`, `$select`, `$count`, and the server's own paging. */
export function runQuery(records: StoredEntity[], { type, search, pageSize }: Query): Page {
  const filter = search.get("$filter");
  const predicate = filter ? parseFilter(filter, type) : () => true;
  const fitting = order(
    records.filter(({ entity }) => predicate(entity)),
    search.get("$orderby"),
    type,
  );
  const from = whole(search, "$skiptoken") ?? whole(search, "$skip") ?? 0;
  // `$top` counts from the caller's own `$skip`, over all pages.
  const top = whole(search, "$top");
  const end = top === null ? fitting.length : Math.min(fitting.length, (whole(search, "$skip") ?? 0) + top);
  const to = Math.min(end, from + pageSize);
  return {
    rows: fitting.slice(from, to).map((record) => project(record, search.get("$select"), type)),
    count: search.get("$count") === "true" ? fitting.length : null,
    nextSkip: to < end ? to : null,
  };
}

function whole(search: URLSearchParams, name: string): number | null {
  const text = search.get(name);
  if (text === null) return null;
  if (!/^\d+$/.test(text)) throw new ODataError(`Invalid value '${text}' for ${name} query option found.`);
  return Number(text);
}

function order(records: StoredEntity[], orderBy: string | null, type: EntitySet): StoredEntity[] {
  const terms = (orderBy ?? "")
    .split(",")
    .filter(Boolean)
    .map((term) => term.trim().split(/\s+/));
  for (const [name = ""] of terms) known(name, type);
  return records.toSorted((left, right) => {
    for (const [name = "", direction] of terms) {
      const [a, b] = [left.entity[name] ?? "", right.entity[name] ?? ""];
      if (a !== b) return (a < b ? -1 : 1) * (direction === "desc" ? -1 : 1);
    }
    return 0;
  });
}

function project(record: StoredEntity, select: string | null, type: EntitySet): Record<string, unknown> {
  const names = select ? select.split(",").map((name) => name.trim()) : Object.keys(type.properties);
  const row: Entity = {};
  for (const name of names) row[known(name, type)] = record.entity[name] ?? null;
  return { "@odata.etag": etagOf(record), ...row };
}

function known(name: string, type: EntitySet): string {
  if (name in type.properties) return name;
  throw new ODataError(
    `Could not find a property named '${name}' on type 'Microsoft.Dynamics.DataEntities.${type.name}'.`,
  );
}
