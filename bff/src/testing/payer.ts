import { randomUUID } from "node:crypto";
import { type IncomingHttpHeaders, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { decodeProtectedHeader } from "jose";
import { type Browser, createBrowser } from "./browser.ts";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Sends one request to whichever edge a balancer picks; a refused connection goes to the next. */
export type Send = (
  path: string,
  init?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<Answer>;

/** To one process on loopback, under a tenant's name. `fetch` may not set `Host`. */
export const sendTo =
  (port: number, host: string): Send =>
  (path, { method = "GET", headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      // A connection of its own: one that is kept may end just as the next request goes out on it.
      const options = {
        ...{ port, host: "127.0.0.1", path, method },
        headers: { host, ...headers },
        agent: false as const,
      };
      request(options, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("error", reject).on("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
        });
      })
        .on("error", reject)
        .end(body);
    });

/** A form as far as the wire sees it: a key, a session, payments that are posted until they have ended. */
export class Payer {
  readonly #send: Send;
  readonly #host: string;
  readonly #browser: Browser;
  #accessToken = "";
  private constructor(send: Send, host: string, browser: Browser) {
    this.#send = send;
    this.#host = host;
    this.#browser = browser;
  }

  /** @throws Error when there is no session */
  static async enter(input: { send: Send; host: string; embedToken: string }): Promise<Payer> {
    const payer = new Payer(input.send, input.host, await createBrowser());
    const { status, text } = await payer.call("POST", "/v1/session", { token: input.embedToken });
    if (status !== 200) throw new Error(`no session: ${text}`);
    payer.#accessToken = (JSON.parse(text) as { accessToken: string }).accessToken;
    return payer;
  }

  /** Which key of the edge signed the session. */
  get keyId(): string | undefined {
    return decodeProtectedHeader(this.#accessToken).kid;
  }

  async call(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    const accessToken = this.#accessToken;
    const url = `http://${this.#host}${path}`;
    const dpop = await this.#browser.proof({ method, url, ...(accessToken && { accessToken }) });
    const headers = {
      dpop,
      ...(accessToken && { authorization: `DPoP ${accessToken}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    return this.#send(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  }

  /**
   * One payment as the form does it: one id, posted until it is answered, then asked for until it has ended.
   *
   * @returns its id and how it ended: a state, or the code that ended it
   */
  async pay(input: {
    invoiceId: string;
    amountMinor: string;
    withinMs: number;
  }): Promise<{ id: string; end: string }> {
    const { invoiceId, amountMinor, withinMs } = input;
    const id = randomUUID();
    const body = {
      id,
      currency: "USD",
      lines: [{ invoiceId, amountMinor }],
      method: { type: "card", token: "tok_success" },
      shown: { surchargeMinor: "0", totalMinor: amountMinor },
    };
    const until = performance.now() + withinMs;
    let known = false;
    while (performance.now() < until) {
      const { status, text } = await (known
        ? this.call("GET", `/v1/payments/${id}`)
        : this.call("POST", "/v1/payments", body)
      ).catch(() => ({ status: 503, text: "{}" }));
      const { state, code } = JSON.parse(text) as { state?: string; code?: string };
      if (state === "captured" || state === "declined") return { id, end: state };
      if (status < 300) known = true;
      else if (![409, 429, 503].includes(status)) return { id, end: code ?? String(status) };
      await delay(50);
    }
    return { id, end: "no end" };
  }
}
