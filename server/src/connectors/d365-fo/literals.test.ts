import fc from "fast-check";
import { expect, test } from "vitest";
import { anyBatch, canStandInFilter, odata } from "./literals.ts";

/** What a reader of OData sees: characters, and each literal's value. Written apart from the builder. */
function tokens(filter: string): string[] {
  const parts = filter.split(/('(?:[^']|'')*')/);
  return parts.flatMap((part, index) =>
    index % 2 ? [`text:${part.slice(1, -1).replaceAll("''", "'")}`] : [...part],
  );
}

const hostile = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("'", "*", "%", "(", ")", "\\", " ", "a", "&", "#") }),
  fc.constantFrom("x' or 'a' eq 'a", "''", "'", "US*", "*", "%27", "’"),
);

test("text is one literal with that value and the rest stays as it was; what means more than itself is refused", () => {
  fc.assert(
    fc.property(hostile, (value) => {
      if (!canStandInFilter(value)) {
        expect(() => odata`a eq ${value}`).toThrow("cannot stand in a filter");
        return;
      }
      expect(value).not.toContain("*");
      const { text } = odata`${odata`b eq ${"x"}`} and a eq ${value} and c lt 1`;
      expect(tokens(text)).toEqual([
        ..."b eq ",
        "text:x",
        ..." and a eq ",
        `text:${value}`,
        ..." and c lt 1",
      ]);
      // As it travels.
      expect(decodeURIComponent(encodeURIComponent(text))).toBe(text);
    }),
    { numRuns: 2_000 },
  );
});

test.each(["*", "US-*", "\u0000", "a\nb", "\ud800"])("%j stands in no filter", (value) => {
  expect(canStandInFilter(value)).toBe(false);
});

test("journals are asked for together, and for none of them nobody is asked", () => {
  expect(anyBatch(["00421", "it's"]).text).toBe(
    "(JournalBatchNumber eq '00421' or JournalBatchNumber eq 'it''s')",
  );
  expect(() => anyBatch([])).toThrow();
});
