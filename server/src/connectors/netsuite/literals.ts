import { ErpError } from "../connector.ts";

/** The widest internal id is a 64-bit number; SuiteQL knows no other integers here. */
const widest = 2n ** 63n - 1n;

/** A query, or a part of one. Made by `suiteql` alone: nothing else can be put into one as it is. */
export class SuiteQuery {
  readonly q: string;
  private constructor(q: string) {
    this.q = q;
  }

  /** `suiteql`, below. */
  static of(words: readonly string[], values: readonly Value[]): SuiteQuery {
    const spaced = words.map((part) => part.replace(/\s+/g, " "));
    return new SuiteQuery(String.raw({ raw: spaced }, ...values.map(literal)).trim());
  }
}

type Value = string | bigint | readonly bigint[] | SuiteQuery;

/**
 * A SuiteQL query with its values written into it: over REST there are no parameters. Integers come as `bigint`, a
 * list of them for `IN (…)`; text is quoted, its quotes doubled; a part of a query stands as it is. What cannot stand
 * in a query is refused.
 * @throws ErpError `protocol`
 */
export const suiteql = (words: TemplateStringsArray, ...values: Value[]): SuiteQuery =>
  SuiteQuery.of(words.raw, values);

function literal(value: Value): string {
  if (value instanceof SuiteQuery) return value.q;
  if (typeof value === "string") return text(value);
  if (typeof value === "bigint") return integer(value);
  if (value.length === 0) throw new ErpError("protocol", "an empty list cannot stand in a query");
  return value.map(integer).join(", ");
}

function integer(value: bigint): string {
  if (typeof value !== "bigint" || value < 0n || value > widest) {
    throw new ErpError("protocol", "an integer that is no internal id");
  }
  return String(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

function text(value: string): string {
  if (controls.test(value) || !value.isWellFormed()) {
    throw new ErpError("protocol", "text with control characters cannot stand in a query");
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/** An internal id, written one way only: nothing must have two names here. null: it is none. */
export const internalId = (text: string): bigint | null =>
  /^[1-9]\d{0,17}$/.test(text) ? BigInt(text) : null;
