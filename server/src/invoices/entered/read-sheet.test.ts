import { expect, test } from "vitest";
import { readSheet, sheetLimits } from "./read-sheet.ts";

const head = "number,customer,currency,total,date,due";
const line = (n: number | string, more = "") => `INV-${n},C-1,USD,125.50,2026-01-31,2026-02-28${more}`;
const read = (text: string | Uint8Array) => readSheet(typeof text === "string" ? Buffer.from(text) : text);
function rows(text: string | Uint8Array) {
  const sheet = read(text);
  return sheet.kind === "rows" ? sheet : expect.fail(`${sheet.code} ${sheet.value}`);
}
const invoice = {
  row: 2,
  id: "INV-1",
  number: "INV-1",
  customer: { id: "C-1", name: null, email: null },
  currency: "USD",
  totalMinor: 12_550n,
  issuedOn: "2026-01-31",
  dueOn: "2026-02-28",
};

test.each([
  ["commas", `${head}\n${line(1)}\n`],
  ["semicolons", `${head}\n${line(1)}`.replaceAll(",", ";")],
  ["tabs", `${head}\r\n${line(1)}\r\n`.replaceAll(",", "\t")],
  ["a mark of byte order", `\ufeff${head}\n${line(1)}`],
  ["UTF-16", Buffer.from(`\ufeff${head}\n${line(1)}`, "utf16le")],
  ["quotes", `${head}\n${line(1)}`.replace(/[^,\n]+/g, '"$&"')],
  [
    "other names, order and case",
    `Due Date;BETRAG;Kunde;Währung;Rechnungsnr.;Rechnungsdatum\n28.2.2026;125,50;C-1;usd;INV-1;31.01.2026`,
  ],
  [
    "Windows-1252",
    Buffer.from(
      `Fälligkeit;Betrag;Kunde;Währung;Nr;Datum\n2026-02-28;125,50;C-1;USD;INV-1;2026/01/31`,
      "latin1",
    ),
  ],
] as const)("a sheet with %s is read", (_, text) => {
  expect(rows(text)).toEqual({ kind: "rows", invoices: [invoice], faults: [], ignored: [] });
});

test("a quoted line break, an empty line and a column nobody knows cost no row its number", () => {
  const sheet = rows(`${head},name,=cmd\n${line(1)},"Wayne\nInc.",1\n\n${line(2)},,2\n`);
  expect(sheet.invoices.map(({ row, customer }) => [row, customer.name])).toEqual([
    [2, "Wayne Inc."],
    [4, null],
  ]);
  expect(sheet.ignored).toEqual(["=cmd"]);
});

test("a cell that a spreadsheet would calculate is text", () => {
  const [only] = rows(`${head},name\n=1+1,C-1,USD,5,2026-01-31,,"=HYPERLINK(""x"")"`).invoices;
  expect([only?.number, only?.customer.name, only?.dueOn]).toEqual(["=1+1", '=HYPERLINK("x")', "2026-01-31"]);
});

test("every row says all that is wrong with it", () => {
  const sheet = rows(
    [
      head,
      ",C-1,USD,5,2026-01-31,",
      "A,C-1,XXX,5,2026-02-30,",
      "B,C-1,USD,10.005,1/2/2026,",
      "C,C-1,USD,5,2026-02-01,2026-01-01",
      '"D\nE",C-1,USD,,2026-01-01,',
      line(1),
      line(1),
    ].join("\n"),
  );
  expect(sheet.faults.map(({ row, field, code }) => `${row} ${field} ${code}`)).toEqual([
    "2 number missing",
    "3 currency not_a_currency",
    "3 issuedOn not_a_date",
    "4 total too_precise",
    "4 issuedOn ambiguous_date",
    "5 dueOn due_before_issued",
    "6 number not_text",
    "6 total missing",
    "8 id duplicate",
  ]);
});

test.each([
  ["empty", ""],
  ["empty", head],
  ["missing_column", "number,customer,currency,date\n1,2,USD,2026-01-01"],
  ["column_twice", `${head},Betrag\n${line(1, ",5")}`],
  ["not_csv", `${head}\n"${line(1)}`],
  ["not_csv", `${head}\n${"x".repeat(200_000)}`],
  ["too_many_rows", `${head}\n${`${line(1)}\n`.repeat(sheetLimits.rows + 1)}`],
  ["too_large", "x".repeat(sheetLimits.bytes + 1)],
] as const)("what is no sheet of invoices is refused whole: %s", (code, text) => {
  expect(read(text)).toMatchObject({ kind: "unreadable", code });
});
