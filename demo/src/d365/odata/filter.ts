import { ODataError } from "../errors.ts";
import type { Entity, Properties } from "./entity.ts";

export type Predicate = (entity: Entity) => boolean;

type Operator = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
type Literal = string | number | boolean | null;

// In order: strings and enum members, parentheses, dates, numbers, words.
const token =
  /\s*(?:((?:[\w.]+)?'(?:[^']|'')*')|([()])|(\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?)|(-?\d+(?:\.\d+)?)|([A-Za-z_]\w*))/y;

/**
 * `$filter` as a predicate: comparisons joined by `and`, `or`, `not` and parentheses. Text compares
 * without case, as F&O's database does, and an asterisk in it stands for anything. A filter that asks for an
 * enumeration finds nothing, and says nothing of why.
 * @throws ODataError 400 for anything else, and for properties the type does not have.
 */
export function parseFilter(text: string, type: { name: string; properties: Properties }): Predicate {
  const words = tokenize(text);
  let at = 0;
  let asksForEnum = false;
  const peek = () => words[at]?.toLowerCase();
  const take = (): string => {
    const word = words[at];
    if (word === undefined) throw syntax(text);
    at += 1;
    return word;
  };

  const disjunction = (): Predicate => {
    let left = conjunction();
    while (peek() === "or") {
      take();
      const [one, other] = [left, conjunction()];
      left = (entity) => one(entity) || other(entity);
    }
    return left;
  };
  const conjunction = (): Predicate => {
    let left = unary();
    while (peek() === "and") {
      take();
      const [one, other] = [left, unary()];
      left = (entity) => one(entity) && other(entity);
    }
    return left;
  };
  const unary = (): Predicate => {
    if (peek() === "not") {
      take();
      const inner = unary();
      return (entity) => !inner(entity);
    }
    if (peek() !== "(") return comparison();
    take();
    const inner = disjunction();
    if (take() !== ")") throw syntax(text);
    return inner;
  };
  const comparison = (): Predicate => {
    const property = take();
    if (!(property in type.properties)) {
      throw new ODataError(
        `Could not find a property named '${property}' on type 'Microsoft.Dynamics.DataEntities.${type.name}'.`,
      );
    }
    const operator = take().toLowerCase();
    if (!isOperator(operator)) throw syntax(text);
    const literal = readLiteral(take());
    asksForEnum ||= type.properties[property] === "Enum";
    return (entity) => compare(entity[property] ?? null, operator, literal);
  };

  const predicate = disjunction();
  if (at !== words.length) throw syntax(text);
  return asksForEnum ? () => false : predicate;
}

function tokenize(text: string): string[] {
  const words: string[] = [];
  const scan = new RegExp(token.source, "y");
  while (scan.lastIndex < text.trimEnd().length) {
    const from = scan.lastIndex;
    const match = scan.exec(text);
    if (!match) throw syntax(text, from);
    words.push(match[0].trim());
  }
  return words;
}

/** `'it''s'`, `Microsoft…NoYes'Yes'`, `12.5`, `true`, `null`, a date without quotes. */
export function readLiteral(word: string): Literal {
  const quoted = /^[\w.]*'(.*)'$/s.exec(word)?.[1];
  if (quoted !== undefined) return quoted.replaceAll("''", "'");
  if (/^-?\d+(\.\d+)?$/.test(word)) return Number(word);
  if (word === "true" || word === "false") return word === "true";
  return word === "null" ? null : word;
}

function compare(value: unknown, operator: Operator, literal: Literal): boolean {
  const [left, right] = [fold(value), fold(literal)];
  if (operator === "eq") return equal(left, right);
  if (operator === "ne") return !equal(left, right);
  if (left === null || right === null || typeof left !== typeof right) return false;
  if (operator === "gt") return left > right;
  if (operator === "ge") return left >= right;
  return operator === "lt" ? left < right : left <= right;
}

function equal(left: Literal, right: Literal): boolean {
  if (typeof left !== "string" || typeof right !== "string" || !right.includes("*")) return left === right;
  const parts = right.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(left);
}

const fold = (value: unknown): Literal =>
  typeof value === "string" ? value.toLowerCase() : ((value ?? null) as Literal);

const isOperator = (word: string): word is Operator => ["eq", "ne", "gt", "ge", "lt", "le"].includes(word);

const syntax = (text: string, position = 0) =>
  new ODataError(`Syntax error at position ${position} in '${text}'.`);
