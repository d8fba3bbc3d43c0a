/** The running demo as a tester sees it: addresses, and the oracles of what really happened. */
import { execFileSync } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { demoOf } from "./demo-of.ts";

/** Of the worker we run in. */
const here = demoOf(Number(process.env.TEST_PARALLEL_INDEX));
export const { port, dataDir } = here;

/** What the launcher leaves for testers, 0600: addresses and the provider's keys. */
// biome-ignore lint/suspicious/noExplicitAny: written by the demo, read here by name
const demo = (): any => JSON.parse(readFileSync(join(here.dataDir, "demo.json"), "utf8"));

export const urls = {
  edge: `http://127.0.0.1:${port}`,
  acme: `http://acme.localhost:${port}`,
  globex: `http://globex.localhost:${port}`,
  provider: `http://127.0.0.1:${port + 2}`,
  netsuite: `http://netsuite.localhost:${port + 3}`,
  d365: `http://d365.localhost:${port + 4}`,
  website: `http://website.localhost:${port + 3}`,
  netsuiteApi: `http://127.0.0.1:${port + 3}`,
  d365Api: `http://127.0.0.1:${port + 4}`,
  mailbox: `http://127.0.0.1:${port + 5}`,
};

/** An embed token of the NetSuite tenant, as its pages sign them. */
export function embedToken(customer: string, more: Record<string, unknown> = {}): string {
  const { id, secret } = demo().embed.acme;
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: id, aud: "pay", sub: customer, iat, exp: iat + 300, jti: randomUUID(), ...more };
  const encoded = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signed = encoded.join(".");
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

export interface Charge {
  id: string;
  reference: string;
  status: string;
  amount: string;
  currency: string;
  captured: string;
}

async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The operator's command line. @throws when it exits with another code than 0 */
export function clarity(...args: string[]): string {
  const script = new URL("../../server/src/cli/clarity.ts", import.meta.url).pathname;
  const env = { ...process.env, CLARITY_DATA_DIR: here.dataDir };
  return execFileSync(process.execPath, [script, ...args], { env, encoding: "utf8" });
}

/** Charges of a tenant's account with this total, newest first: the oracle of what was captured. */
export async function charges(
  tenant: "acme" | "globex",
  amount: string,
  currency = "USD",
): Promise<Charge[]> {
  const key = demo().provider.accounts[tenant].secretKey;
  const { data } = await json<{ data: Charge[] }>(`${urls.provider}/v1/charges`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return data.filter((charge) => charge.amount === amount && charge.currency === currency);
}

/** Every charge of the account that a tenant made with `--sandbox` has, newest first. */
export async function accountCharges(name: string, slug: string): Promise<Charge[]> {
  const account = await json<{ secretKey: string }>(`${urls.provider}/v1/accounts`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${demo().provider.adminKey}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ name, webhookUrl: `http://${slug}.localhost:${port}/webhooks/sandbox` }),
  });
  const { data } = await json<{ data: Charge[] }>(`${urls.provider}/v1/charges`, {
    headers: { authorization: `Bearer ${account.secretKey}` },
  });
  return data;
}

export interface Posted {
  externalId: string | null;
  amount: string;
  currency: string;
  writes?: number;
}

/** Payments an ERP has booked with this amount. */
export async function posted(erp: "netsuite" | "d365", amount: string): Promise<Posted[]> {
  const { payments } = await json<{ payments: Posted[] }>(
    `${erp === "netsuite" ? urls.netsuiteApi : urls.d365Api}/demo/payments`,
  );
  return payments.filter((payment) => Number(payment.amount) === Number(amount));
}

export interface Mail {
  id: string;
  subject: string;
  from: string;
  to: string[];
  text: string;
  html: string;
}

/** Mails whose text names all the words. */
export async function mails(...words: string[]): Promise<Mail[]> {
  const { messages } = await json<{ messages: Mail[] }>(`${urls.mailbox}/api/messages`);
  return messages.filter(({ subject, text }) => words.every((word) => `${subject}\n${text}`.includes(word)));
}

let next = Math.floor(Date.now() / 1000) % 4000;
/**
 * An amount no other test pays, between 20.00 and 99.99: oracles are searched by it, and a few dollars
 * of a large invoice may be paid as often as tests run. Each is taken for good in a folder beside the demo's data, since a
 * worker that failed begins anew.
 */
export function uniqueAmount(): { typed: string; minor: bigint } {
  const taken = `${dataDir}-amounts`;
  for (let tries = 0; tries < 7999; tries++) {
    next = (next + 7) % 7999;
    const minor = 2000n + BigInt(next);
    if (mkdirSync(join(taken, String(minor)), { recursive: true }) === undefined) continue;
    return { typed: `${minor / 100n}.${String(minor % 100n).padStart(2, "0")}`, minor };
  }
  throw new Error(`every amount is taken: remove ${taken}`);
}

/** What the demo's card surcharge adds to a credit card payment. */
export const withSurcharge = (minor: bigint, basisPoints: bigint) =>
  minor + (minor * basisPoints + 5000n) / 10000n;
