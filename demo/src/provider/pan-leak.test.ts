import { rm } from "node:fs/promises";
import postgres from "postgres";
import { expect, test } from "vitest";
import type { Merchant } from "./testing/merchant.ts";
import { startProcess } from "./testing/process.ts";
import { openMerchant, prepare } from "./testing/sandbox.ts";

const pans = [
  "4242424242424242",
  "378282246310005",
  "4000000000000002",
  "4000002760003184",
  "4111111111111111",
  "4242424242424241", // fails Luhn, and is still somebody's mistyped card
];

test("no card number reaches a table, a log or an answer, whatever goes wrong with the call", async () => {
  const { config, database, cardFrameDir } = await prepare();
  const provider = await startProcess(config);
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const acme = await openMerchant(provider.url, { name: "Acme", webhookUrl: "http://127.0.0.1:9/" });
  const answers: string[] = [];

  for (const pan of pans) {
    const spaced = pan.replace(/(\d{4})(?=\d)/g, "$1 ");
    const tokenized = await acme.tokenize({ number: spaced });
    const misuses = [
      acme.tokenize({ number: pan, expiryMonth: pan }),
      acme.tokenize({ number: pan, cvc: pan }),
      sendRaw(acme, `{"number":"${pan}"`),
      acme.call("GET", `/v1/bins/${pan}`, { headers: pk(acme) }),
      acme.call("GET", `/v1/tokens/${pan}`, {}),
      acme.call("GET", `/${pan}`, {}),
      acme.charge({ token: pan }),
      acme.charge({ token: tokenized.json.token ?? "tok_none" }),
    ];
    answers.push(tokenized.text, ...(await Promise.all(misuses)).map(({ text }) => text));
  }
  await sql`alter table tokens rename to tokens_gone`;
  const broken = await acme.tokenize({ number: pans[0] });
  expect(broken.status).toBe(500);
  answers.push(broken.text);
  await sql`alter table tokens_gone rename to tokens`;

  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'`;
  expect(tables.length).toBeGreaterThanOrEqual(7);
  let rows = 0;
  for (const { name } of tables) {
    for (const { text } of await sql<{ text: string }[]>`select t::text as text from ${sql(name)} t`) {
      rows++;
      expect(leaks(text), name).toEqual([]);
    }
  }
  expect(rows).toBeGreaterThan(10);
  await provider.end("SIGTERM");
  expect(provider.output()).toContain('"what":"request"');
  expect(leaks(provider.output())).toEqual([]);
  expect(answers.flatMap(leaks)).toEqual([]);

  await sql.end();
  await database.close();
  await rm(cardFrameDir, { recursive: true });
});

test("the leak scan sees numbers through blanks and dashes", () => {
  expect(leaks("card 4242 4242-4242 4242!")).toEqual(["4242424242424242"]);
});

function leaks(text: string): string[] {
  const bare = text.replace(/[ -]/g, "");
  return pans.filter((pan) => bare.includes(pan));
}

const pk = (merchant: Merchant) => ({ authorization: `Bearer ${merchant.account.publishableKey}` });

async function sendRaw(merchant: Merchant, body: string) {
  const headers = { ...pk(merchant), origin: "http://sandbox.test" };
  const response = await fetch(`${merchant.url}/v1/tokens`, { method: "POST", headers, body });
  return { text: await response.text() };
}
