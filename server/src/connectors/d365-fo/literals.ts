import { ErpError } from "../connector.ts";

/** A `$filter`, or a part of one. Made by `odata` alone: nothing else can be put into one as it is. */
export class Filter {
  readonly text: string;
  private constructor(text: string) {
    this.text = text;
  }

  /** `odata`, below. */
  static of(words: readonly string[], values: readonly Value[]): Filter {
    return new Filter(String.raw({ raw: words }, ...values.map(literal)));
  }
}

type Value = string | Filter;

/**
 * A filter with its values written into it: text is quoted, its quotes doubled (OData 4.01 ABNF, `SQUOTE-in-string`);
 * a part of a filter stands as it is. What cannot stand in one is refused: an asterisk above all, which F&O takes for
 * anything.
 * @throws ErpError `protocol`
 */
export const odata = (words: TemplateStringsArray, ...values: Value[]): Filter =>
  Filter.of(words.raw, values);

/** The rows of any of these journals. @throws ErpError `protocol` for none */
export function anyBatch(batches: readonly string[]): Filter {
  const [first, ...others] = batches.map((batch) => odata`JournalBatchNumber eq ${batch}`);
  if (!first) throw new ErpError("protocol", "an empty list cannot stand in a filter");
  return odata`(${others.reduce((all, one) => odata`${all} or ${one}`, first)})`;
}

function literal(value: Value): string {
  if (value instanceof Filter) return value.text;
  if (typeof value !== "string" || !canStandInFilter(value)) {
    throw new ErpError("protocol", "a value that cannot stand in a filter");
  }
  return `'${value.replaceAll("'", "''")}'`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const refused = /[*\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Whether text means only itself in a filter. */
export const canStandInFilter = (text: string): boolean => !refused.test(text) && text.isWellFormed();
