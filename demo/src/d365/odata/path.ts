import { ODataError } from "../errors.ts";
import type { Entity } from "./entity.ts";
import { readLiteral } from "./filter.ts";

/** `CustomersV3(dataAreaId='usmf',CustomerAccount='US-001')` → set and key; no parentheses: no key. */
export function parsePath(segment: string): { set: string; key: Entity | null } {
  const match = /^(\w+)(?:\((.*)\))?$/s.exec(segment);
  if (!match) throw new ODataError(`Resource not found for the segment '${segment}'.`, 404);
  const [, set = "", predicate] = match;
  if (predicate === undefined) return { set, key: null };
  const key: Entity = {};
  for (const [, name = "", value = ""] of predicate.matchAll(/(\w+)=([\w.]*'(?:[^']|'')*'|[^,']+)/g)) {
    key[name] = readLiteral(value.trim());
  }
  return { set, key };
}
