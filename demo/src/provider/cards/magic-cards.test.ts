import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Merchant } from "../testing/merchant.ts";
import { type Sandbox, startSandbox } from "../testing/sandbox.ts";

const page = await readFile(new URL("../API.md", import.meta.url), "utf8");
const table = [...page.matchAll(/^\| (\d[\d ]+\d) +\| (.+?) +\|$/gm)].map(([, number = "", text = ""]) => ({
  number,
  text,
}));

let sandbox: Sandbox;
let acme: Merchant;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme");
});
afterAll(() => sandbox.close());

test("the table of API.md is found", () => {
  expect(table.length).toBeGreaterThanOrEqual(12);
});

test.each(table)("$number: $text", async ({ number, text }) => {
  const tokenized = await acme.tokenize({ number });
  expect(tokenized.status).toBe(201);
  expect(tokenized.json.last4).toBe(number.replaceAll(" ", "").slice(-4));
  const named = /^(Visa|Mastercard|Amex|Discover) (credit|debit), success/.exec(text);
  if (named) {
    expect(tokenized.json).toMatchObject({ brand: named[1]?.toLowerCase(), funding: named[2] });
  }

  const reference = `magic-${tokenized.json.last4}`;
  const started = performance.now();
  const charged = await acme
    .charge({ reference, token: tokenized.json.token })
    .catch(() => ({ json: null, status: 0 }));
  const found = await acme.find(reference);
  expect(found.json).toMatchObject(expectedOf(text));
  if (text.includes("the answer never comes")) expect(charged.status).toBe(0);
  else expect(charged.json).toEqual(found.json);
  // The sandbox of the tests is late by 300 ms instead of 12 s.
  if (text.includes("late")) expect(performance.now() - started).toBeGreaterThan(290);
});

function expectedOf(text: string) {
  if (text.includes("3-D Secure")) {
    return {
      status: "requires_action",
      challengeUrl: expect.stringContaining("http://sandbox.test/3ds/ch_"),
    };
  }
  if (/success|charged|late/.test(text)) return { status: "authorized", declineCode: null };
  return { status: "declined", declineCode: text };
}

test.each([
  ["another Luhn-valid number", { number: "4111 1111 1111 1111" }, "declined"],
  ["a grouped number with dashes", { number: "4242-4242-4242-4242" }, "authorized"],
  ["a two-digit year", { number: "4242424242424242", expiryMonth: "01", expiryYear: "99" }, "authorized"],
])("%s is taken and then %s", async (_, card, status) => {
  const { json } = await acme.tokenize(card);
  expect((await acme.charge({ token: json.token })).json.status).toBe(status);
});

test.each([
  ["fails Luhn", { number: "4242424242424241" }],
  ["is too short", { number: "42424242426" }],
  ["holds letters", { number: "4242 4242 4242 424x" }],
  ["has expired", { number: "4242424242424242", expiryMonth: 1, expiryYear: 2020 }],
  ["expires in month 13", { number: "4242424242424242", expiryMonth: 13 }],
  ["has a code too short", { number: "4242424242424242", cvc: "12" }],
  ["has Amex with three digits of code", { number: "378282246310005", cvc: "123" }],
])("a card that %s is 422 invalid_card", async (_, card) => {
  expect(await acme.tokenize(card)).toMatchObject({ status: 422, json: { error: { code: "invalid_card" } } });
});

test("a card is good through the last day of its month", async () => {
  const now = new Date();
  const month = { expiryMonth: now.getUTCMonth() + 1, expiryYear: now.getUTCFullYear() };
  expect((await acme.tokenize({ number: "4242424242424242", ...month })).status).toBe(201);
});

test("card data from any origin but the frame's own is 403", async () => {
  const { status } = await acme.tokenize({ number: "4242424242424242" }, "http://shop.localhost:4000");
  expect(status).toBe(403);
});

test.each([
  ["40005665", { brand: "visa", funding: "unknown", country: null }],
  ["40000566", { brand: "visa", funding: "debit", country: "US" }],
  ["22210000", { brand: "mastercard", funding: "unknown", country: null }],
  ["27209999", { brand: "mastercard", funding: "unknown", country: null }],
  ["27210000", { brand: "unknown", funding: "unknown", country: null }],
  ["34343434", { brand: "amex", funding: "unknown", country: null }],
])("BIN %s is known as far as the tables go", async (bin, expected) => {
  const headers = { authorization: `Bearer ${acme.account.publishableKey}` };
  expect((await acme.call("GET", `/v1/bins/${bin}`, { headers })).json).toEqual(expected);
  expect((await acme.call("GET", `/v1/bins/${bin}1`, { headers })).status).toBe(422);
});

test("a card has one fingerprint in an account, under every token; another card, and the card elsewhere, another", async () => {
  const globex = await sandbox.merchant("Globex");
  const print = async (merchant: Merchant, number: string) => {
    const token = await merchant.token(number);
    return (await merchant.call("GET", `/v1/tokens/${token}`, {})).json.fingerprint;
  };
  const one = await print(acme, "4242 4242 4242 4242");
  expect(await print(acme, "4242424242424242")).toBe(one);
  expect(await print(acme, "4000056655665556")).not.toBe(one);
  expect(await print(globex, "4242424242424242")).not.toBe(one);
});

test("a token tells the merchant's server what the card is", async () => {
  const token = await acme.token("4000056655665556");
  const { json } = await acme.call("GET", `/v1/tokens/${token}`, {});
  const fingerprint = expect.stringMatching(/^fp_[\w-]{24}$/);
  expect(json).toEqual({ token, brand: "visa", funding: "debit", last4: "5556", country: "US", fingerprint });
});
