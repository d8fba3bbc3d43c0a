import fc from "fast-check";
import { expect, test } from "vitest";
import { internalId, suiteql } from "./literals.ts";

/** What a reader of SQL sees: words and punctuation, and each literal's value. Written apart from the builder. */
function tokens(q: string): string[] {
  const found: string[] = [];
  for (let at = 0; at < q.length; ) {
    if (q[at] !== "'") {
      found.push(q[at++] as string);
      continue;
    }
    let value = "";
    for (at++; ; at++) {
      if (at >= q.length) throw new Error("a literal without end");
      if (q[at] === "'") {
        if (q[at + 1] !== "'") break;
        at++;
      }
      value += q[at];
    }
    found.push(`text:${value}`);
    at++;
  }
  return found;
}

const hostile = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("'", "\\", "?", ";", "-", "/*", '"', "$", "{", ":", "%", "a", " ") }),
  fc.constantFrom("' OR 'a'='a", "x'--", "\\'", "''", "'", "’", "＇", "ʼ", "'||'"),
);

test("text is one literal with that value, whatever it holds, and the rest of the query stays as it was", () => {
  fc.assert(
    fc.property(hostile, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (value, id) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
      fc.pre(!/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(value));
      const { q } = suiteql`SELECT a FROM t WHERE b = ${value} AND c = ${id} AND d = 'x'`;
      expect(tokens(q)).toEqual([
        ..."SELECT a FROM t WHERE b = ",
        `text:${value}`,
        ..." AND c = ",
        ...String(id),
        ..." AND d = ",
        "text:x",
      ]);
    }),
    { numRuns: 2_000 },
  );
});

test.each(["\u0000", "a\nb", "\u007f", "\u0085", "\u2028", "\ud800", "a\udc00b"])(
  "text with %j stands in no query",
  (value) => {
    expect(() => suiteql`SELECT a FROM t WHERE b = ${value}`).toThrow("cannot stand in a query");
  },
);

test("integers are ids, lists of them have something in them, and a part of a query stands as it is", () => {
  const part = suiteql`b = ${"it's"}`;
  expect(suiteql`SELECT a FROM t WHERE ${part} AND c IN (${[1n, 22n]})`.q).toBe(
    "SELECT a FROM t WHERE b = 'it''s' AND c IN (1, 22)",
  );
  for (const value of [-1n, 2n ** 63n, [] as bigint[]]) {
    expect(() => suiteql`SELECT ${value}`).toThrow();
  }
  // No type would let it pass; a mistake at run time does not either.
  expect(() => suiteql`SELECT ${"1 OR 1=1" as never as bigint[]}`).not.toThrow();
  expect(suiteql`SELECT ${"1 OR 1=1" as never as bigint}`.q).toBe("SELECT '1 OR 1=1'");
  expect(() => suiteql`SELECT ${["1 OR 1=1"] as never as bigint[]}`).toThrow();
  expect(() => suiteql`SELECT ${{ q: "1 OR 1=1" } as never as bigint[]}`).toThrow();
});

test("only digits written one way are an internal id", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,20}$/)), (text) => {
      const id = internalId(text);
      if (id === null) expect(text).not.toMatch(/^[1-9]\d{0,17}$/);
      else expect(String(id)).toBe(text);
    }),
  );
});
