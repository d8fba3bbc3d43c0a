import { expect, test } from "vitest";
import { describeError } from "./log-error.ts";

const messageOf = (text: string) => (describeError(new Error(text)) as { message: string }).message;

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl";
test.each([
  ["mail to ada.b+c@shop.example.com failed", "mail to [e-mail] failed"],
  ["<a@b.co>", "<[e-mail]>"],
  ["card 4242 4242-4242 4242 declined", "card [digits] declined"],
  [`Bearer ${"a".repeat(20)}`, "[token]"],
  ["DPoP  abc.def-ghi", "[token]"],
  [`token ${jwt}`, "token [token]"],
  [`x-${jwt}`, "x-[token]"],
  [`https://a.test/?t=${jwt}&u=1`, "https://a.test/?t=[token]&u=1"],
  [`a.${jwt}`, "a.[token]"],
  [`${jwt}.more`, "[token]"],
  ["eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.", "[token]"],
  ["version 1.2.3 of eyJ", "version 1.2.3 of eyJ"],
  ["relation pay.invoices.id", "relation pay.invoices.id"],
  ["a@b", "a@b"],
])("%s is logged as %s", (text, logged) => {
  expect(messageOf(text)).toBe(logged);
});

/** Of about so many characters: what a pattern could try again and again. */
const hostile: Record<string, (n: number) => string> = {
  "a long word": (n) => "a".repeat(n),
  "a long word and an @": (n) => `${"a".repeat(n / 2)}@${"b".repeat(n / 2)}`,
  "many @": (n) => "a@".repeat(n / 2),
  "an address that never ends in a dot": (n) => `a@${"b-".repeat(n / 2)}`,
  "dots and dashes": (n) => ".-+".repeat(n / 3),
  "dotted words": (n) => "a.".repeat(n / 2),
  "an address of dots": (n) => `a@${"b.".repeat(n / 2)}@`,
  "heads of tokens": (n) => "eyJ-".repeat(n / 4),
  "heads of tokens and two dots": (n) => `${"eyJ-".repeat(n / 4)}..`,
  "heads of tokens in parts": (n) => "eyJa..".repeat(n / 6),
  "heads of tokens that never end": (n) => `${"-eyJa".repeat(n / 5)}.`,
  "Bearer and blanks": (n) => `Bearer${" ".repeat(n)}`,
  "Bearer again and again": (n) => "Bearer ".repeat(n / 7),
  "Bearer and seven characters": (n) => "Bearer abcdefg ".repeat(n / 15),
  digits: (n) => "1".repeat(n),
  "digits in groups": (n) => "1 2-".repeat(n / 4),
  "twelve digits again and again": (n) => "123456789012 x".repeat(n / 14),
  underscores: (n) => "_".repeat(n),
};
test.each(Object.keys(hostile))("%s take time by their length alone", (what) => {
  const text = hostile[what]?.(300_000) ?? "";
  const before = process.cpuUsage();
  expect(messageOf(text).length).toBeLessThanOrEqual(16_000);
  // The square of so many characters is minutes.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_500);
});

test("an error that is its own cause ends, and so do causes without end", () => {
  const own = new Error("own");
  own.cause = own;
  expect(JSON.stringify(describeError(own)).match(/"own"/g)?.length).toBe(9);
  let chain = new Error("first");
  for (let n = 0; n < 10_000; n++) chain = new Error(`${n}`, { cause: chain });
  expect(() => describeError(chain)).not.toThrow();
});

test("what is looked for is not missed because the text is cut after it", () => {
  const text = `${"x ".repeat(7_996)}ada@shop.example.com`;
  expect(messageOf(text)).not.toContain("ada@");
});
