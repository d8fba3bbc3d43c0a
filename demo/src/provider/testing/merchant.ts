import { randomUUID } from "node:crypto";
import type { Account } from "../accounts/accounts.ts";

/** An answer as a test wants to look at it. */
export interface Answer {
  status: number;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any;
}

/** A merchant's server and its customers' browsers, in one: every call of API.md that is not an admin's. */
export class Merchant {
  readonly url: string;
  readonly account: Account;

  constructor(url: string, account: Account) {
    this.url = url;
    this.account = account;
  }

  /** Tokenises, as the card frame does. */
  async token(number: string, overrides: Record<string, unknown> = {}): Promise<string> {
    const { json } = await this.tokenize({ number, ...overrides });
    return json.token;
  }

  tokenize(card: Record<string, unknown>, origin = "http://sandbox.test"): Promise<Answer> {
    const cvc = /^3[47]/.test(String(card.number)) ? "1234" : "123";
    const body = { expiryMonth: 12, expiryYear: new Date().getUTCFullYear() + 2, cvc, ...card };
    return this.call("POST", "/v1/tokens", {
      body,
      headers: { origin, authorization: `Bearer ${this.account.publishableKey}` },
    });
  }

  /** A charge of 10.00 USD unless told otherwise; the reference is the key too. */
  async charge(input: Record<string, unknown> & { token: string }, key?: string): Promise<Answer> {
    const reference = randomUUID();
    const body = {
      reference,
      amount: "1000",
      currency: "USD",
      statement: "ACME INVOICES",
      returnOrigin: "http://shop.localhost:4000",
      ...input,
    };
    return this.post("/v1/charges", body, key ?? body.reference);
  }

  capture(reference: string, amount: bigint, key: string = randomUUID()): Promise<Answer> {
    const body = { amount: String(amount), currency: "USD" };
    return this.post(`/v1/charges/${reference}/capture`, body, key);
  }

  refund(reference: string, amount: bigint, key: string = randomUUID()): Promise<Answer> {
    const body = { reference: key, amount: String(amount), currency: "USD" };
    return this.post(`/v1/charges/${reference}/refunds`, body, key);
  }

  find(reference: string): Promise<Answer> {
    return this.call("GET", `/v1/charges/${reference}`, {});
  }

  async list(): Promise<Answer["json"][]> {
    const { json } = await this.call("GET", "/v1/charges", {});
    return json.data;
  }

  post(path: string, body: unknown, key: string): Promise<Answer> {
    return this.call("POST", path, { body, headers: { "idempotency-key": key } });
  }

  async call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.account.secretKey}`, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.includes("json");
    return { status: response.status, text, json: isJson ? JSON.parse(text) : null };
  }
}
