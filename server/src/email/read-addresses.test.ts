import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAddresses } from "./read-addresses.ts";

const good = (field: string) => readAddresses(field).good;

describe("what ERP records hold in an e-mail field is read:", () => {
  test.each<[string, string[]]>([
    ["ap@x.test", ["ap@x.test"]],
    ["ap@x.test; cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test;cfo@x.test;", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test, cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test\r\ncfo@x.test\r\n", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test\tcfo@x.test | boss@x.test", ["ap@x.test", "cfo@x.test", "boss@x.test"]],
    ["ap@x.test / cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test/cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test and cfo@x.test & boss@x.test", ["ap@x.test", "cfo@x.test", "boss@x.test"]],
    [" ;, ap@x.test ,;; ", ["ap@x.test"]],
    ["\u00a0ap@x.test\u3000;\u2003cfo@x.test\u2028", ["ap@x.test", "cfo@x.test"]],
    ["\ufeffap@x.test\u200b;\u202acfo@x.test\u202c", ["ap@x.test", "cfo@x.test"]],
    ["ap＠x.test；cfo＠x．test", ["ap@x.test", "cfo@x.test"]],
    ["Anna Smith <ap@x.test>", ["ap@x.test"]],
    ['"Smith, Anna; AP" <ap@x.test>, Bob <bob@x.test>', ["ap@x.test", "bob@x.test"]],
    ["Attn: Accounts Payable <ap@x.test>", ["ap@x.test"]],
    ["<ap@x.test>;<cfo@x.test>", ["ap@x.test", "cfo@x.test"]],
    ["<ap@x.test> <cfo@x.test>", ["ap@x.test", "cfo@x.test"]],
    ["<ap@x.test;cfo@x.test>", ["ap@x.test", "cfo@x.test"]],
    ["<<ap@x.test>>", ["ap@x.test"]],
    ["Anna <ap@x.test", ["ap@x.test"]],
    ["ap@x.test>", ["ap@x.test"]],
    ["Anna (ap@x.test)", ["ap@x.test"]],
    ["ap@x.test (Anna)", ["ap@x.test"]],
    ["Anna Smith ap@x.test", ["ap@x.test"]],
    ["'ap@x.test'", ["ap@x.test"]],
    ['"ap@x.test"', ["ap@x.test"]],
    ["“ap@x.test”; ‘cfo@x.test’", ["ap@x.test", "cfo@x.test"]],
    ['"ap@x.test; cfo@x.test"', ["ap@x.test", "cfo@x.test"]],
    ['"ap@x.test; cfo@x.test', ["ap@x.test", "cfo@x.test"]],
    ["ap@x.test.", ["ap@x.test"]],
    ["ap@x.test.; cfo@x.test!", ["ap@x.test", "cfo@x.test"]],
    ["mailto:ap@x.test", ["ap@x.test"]],
    ["MAILTO:ap@x.test?subject=Invoice", ["ap@x.test"]],
    ["[ap@x.test](mailto:ap@x.test)", ["ap@x.test"]],
    ["ap@x.test#mailto:ap@x.test#", ["ap@x.test"]],
    ["AP: ap@x.test; CFO: cfo@x.test", ["ap@x.test", "cfo@x.test"]],
    ["AP@X.TEST; ap@x.test; Ap@x.Test", ["AP@x.test"]],
    ["o'brien+ap@mail.x-y.test", ["o'brien+ap@mail.x-y.test"]],
    ["ap@bücher.test; ap@xn--bcher-kva.test", ["ap@xn--bcher-kva.test"]],
    ["ap@例え。テスト", ["ap@xn--r8jz45g.xn--zckzah"]],
    ["rené@x.test", ["rené@x.test"]],
    ["foo@beep <foo@beep.test>", ["foo@beep.test"]],
    ["user@good.test(a)evil.test", ["user@good.test"]],
  ])("%j", (field, addresses) => {
    expect(readAddresses(field)).toEqual({ good: addresses, bad: [] });
  });
});

test.each<[string, string[], string[]]>([
  ["ap@x.test; cfo@", ["ap@x.test"], ["cfo@"]],
  ["ap@x.test; see contract", ["ap@x.test"], ["see contract"]],
  ["ap@@x.test, cfo@x.test", ["cfo@x.test"], ["ap@@x.test"]],
  ["ap@x.test; Bob <bob at x.test>", ["ap@x.test"], ["Bob <bob at x.test>"]],
  ["ap.@x.test cfo@x..test boss@x.test", ["boss@x.test"], ["ap.@x.test", "cfo@x..test"]],
])("of %j the bad ones are told apart: they cost nobody else a mail", (field, addresses, bad) => {
  expect(readAddresses(field)).toEqual({ good: addresses, bad });
});

test.each([
  "no address",
  "@x.test",
  "ap@",
  "ap@localhost",
  "ap@127.0.0.1",
  "ap@[127.0.0.1]",
  "ap@x.test/evil",
  "ap@-x.test",
  "ap@x_y.test",
  "ap@x.123",
  ".ap@x.test",
  "a..p@x.test",
  '"evil@a.test x"@good.test',
  '"a b"@x.test',
  "a\\@b@x.test",
  "ap@℀.test",
  `${"a".repeat(65)}@x.test`,
  `ap@${"a".repeat(64)}.test`,
  `ap@${"a.".repeat(130)}test`,
  "group: a@b.test;",
  "a@b.test\r\nRCPT TO:<c@d.test>",
  "a@b.test\nBcc: c@d.test",
  "a@b.test\rDATA:",
  "a@b.test\u2028Subject: x",
])("%j is nobody's address", (field) => {
  const read = readAddresses(field);
  expect(read.good).toEqual([]);
  expect(read.bad.length).toBeGreaterThan(0);
});

test.each(["", "   ", ";", " , ;; ", "-", "--", ".", "n/a", "N/A", "None", "null", "\u200b"])(
  "%j is no address, and none that is wrong",
  (field) => expect(readAddresses(field)).toEqual({ good: [], bad: [] }),
);

test("many are read up to a bound, and a field without end is", () => {
  const many = Array.from({ length: 60 }, (_, n) => `ap${n}@x.test`);
  const read = readAddresses(many.join(";"));
  expect(read.good).toEqual(many.slice(0, 20));
  expect(read.bad).toHaveLength(40);
  const before = performance.now();
  for (const part of ["a@", "<", '"', "(", "a@b.", "mailto:", " ", "@", "a.", ";\r\n"]) {
    readAddresses(part.repeat(500_000));
  }
  expect(performance.now() - before).toBeLessThan(1_000);
});

test("whatever the field holds, what is read of it is one address each, and reads back as itself", () => {
  const piece = fc.constantFrom(
    ...["ap@x.test", "cfo@y.test", "a@b", "@", "<", ">", '"', "'", "(", ")", ";", ",", " ", ".", ":", "\\"],
    ...[
      "\r\n",
      "\n",
      "\u2028",
      "mailto:",
      "Bcc: z@evil.test",
      "RCPT TO:<z@evil.test>",
      "[",
      "]",
      "/",
      "#",
      "é",
      "＠",
    ],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 12 }), (pieces) => {
      for (const address of good(pieces.join(""))) {
        expect(address).toMatch(/^[^\s@<>,;:"()[\]\\\p{C}]+@[a-z0-9.-]+\.[a-z0-9-]+$/u);
        expect(address.length).toBeLessThanOrEqual(254);
        expect(readAddresses(address)).toEqual({ good: [address], bad: [] });
      }
    }),
    { numRuns: 2_000 },
  );
});
