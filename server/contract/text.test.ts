import fc from "fast-check";
import { expect, test } from "vitest";
import { plainLine } from "./text.ts";

test.each([
  ["a newline", "Wayne\nTotal paid: 0.00", "Wayne Total paid: 0.00"],
  ["a carriage return and a newline", "Wayne\r\n\r\nBcc: x", "Wayne Bcc: x"],
  ["line and paragraph separators", "a\u2028b\u2029c\u0085d\u000be", "a b c d e"],
  ["an override of direction", "Acme \u202eKCAB YENOM\u202c Ltd", "Acme KCAB YENOM Ltd"],
  ["isolates, embeddings and marks", "\u2066a\u2069\u202bb\u200ec\u200f\u061cd", "abcd"],
  ["an escape sequence", "\u001b[2J\u001b]0;x\u0007Wayne", " [2J ]0;x Wayne"],
  ["a NUL", "Way\u0000ne", "Way ne"],
  ["what is not seen", "W\u200ba\u00ady\ufeffn\u2060e\u{e0041}", "Wayne"],
  ["half a surrogate pair", "Wayne\ud83d", "Wayne\ufffd"],
])("%s is no part of a line", (_, text, line) => {
  expect(plainLine(text, 100)).toBe(line);
});

test.each([
  "Wayne & Söhne GmbH  (Nord)",
  "شركة المثال",
  "می‌خواهم", // a zero width non-joiner within a word
  "क्‍ष", // a zero width joiner
  "家 👨‍👩‍👧 Ltd",
  'O\'Brien <b>"x"</b>',
])("%s stays as it is", (text) => {
  expect(plainLine(text, 100)).toBe(text);
});

test("what is too long is cut between characters, and a megabyte costs no time", () => {
  expect(plainLine("abcdef", 5)).toBe("abcd…");
  expect(plainLine("abcde", 5)).toBe("abcde");
  expect(plainLine("👨👨👨👨👨👨", 3)).toBe("👨👨…");
  const startedAt = performance.now();
  for (const text of ["x".repeat(1e6), "\u202e".repeat(1e6), "\n".repeat(1e6), "👨".repeat(5e5)]) {
    expect([...plainLine(text, 200)].length).toBeLessThanOrEqual(200);
  }
  expect(performance.now() - startedAt).toBeLessThan(200);
});

test("whatever it is made of: one line, in bounds, well-formed, and the same when it is cleaned again", () => {
  const odd = fc.constantFrom(
    "\n",
    "\r",
    "\u202e",
    "\u2067",
    "\u0000",
    "\u001b",
    "\u2028",
    "\ud800",
    "👨",
    "ش",
    "…",
    " ",
  );
  const text = fc
    .array(fc.oneof(odd, fc.string({ unit: "binary" })), { maxLength: 60 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 80 }), (dirty, longest) => {
      const line = plainLine(dirty, longest);
      expect(Array.from(line).length).toBeLessThanOrEqual(longest);
      expect(line.isWellFormed()).toBe(true);
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200e\u200f]/u);
      expect(plainLine(line, longest)).toBe(line);
    }),
    { numRuns: 1_000 },
  );
});
