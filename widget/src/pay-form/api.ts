import type { InvoiceList, Payment, PaymentRequest, Problem, Session } from "@clarity/bff/contract";
import type { Code } from "../locales/en.ts";
import { makeKey, makeProof } from "./dpop.ts";

/** A refusal or a failure with a code the form has words for. */
export class ApiError extends Error {
  readonly code: Code;
  readonly problem: Partial<Problem>;
  /** From `Retry-After`; 0 when the server did not say. */
  readonly retryAfterMs: number;
  constructor(code: Code, problem: Partial<Problem> = {}, retryAfterMs = 0) {
    super(code);
    this.code = code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The same request may succeed later, and may already have been carried out. */
  get transient(): boolean {
    const { status } = this.problem;
    return this.code === "network" || status === 429 || (status !== undefined && status >= 500);
  }
}

/** Gives an embed token, each good for one session. @throws ApiError when there is none left. */
export type TokenSource = () => Promise<string>;

export interface ApiOptions {
  /** Origin of the payment edge, without a path. */
  base: string;
  locales: readonly string[];
  token: TokenSource;
}

/** Longer than the server waits for the provider, so that its answer is not missed. */
const timeoutMs = 45_000;
/** Renew this long before the token's end, so that none expires on its way. */
const marginMs = 15_000;

/** The edge's API. Tokens and the key live here, in memory, and nowhere else. */
export class Api {
  readonly #options: ApiOptions;
  #key: Promise<CryptoKeyPair> | undefined;
  #access: { token: string; endsAtMs: number } | undefined;
  #opening: Promise<Session> | undefined;
  /** The embed token of the present session: it opens no other. */
  #spent: string | undefined;
  /** Ends every request when the element leaves the page. */
  signal: AbortSignal | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** `POST /v1/session`; calls at the same time share one. */
  open(): Promise<Session> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  invoices(): Promise<InvoiceList> {
    return this.#call("GET", "/v1/invoices");
  }

  pay(request: PaymentRequest): Promise<Payment> {
    return this.#call("POST", "/v1/payments", request);
  }

  payment(id: string): Promise<Payment> {
    return this.#call("GET", `/v1/payments/${id}`);
  }

  resume(id: string): Promise<Payment> {
    return this.#call("POST", `/v1/payments/${id}/resume`, {});
  }

  async #open(): Promise<Session> {
    if (!globalThis.crypto?.subtle) throw new ApiError("insecure_page");
    const token = await this.#options.token();
    if (token === this.#spent) throw new ApiError("session_ended");
    const session = (await this.#send("POST", "/v1/session", {
      token,
      locales: this.#options.locales,
    })) as Session;
    this.#spent = token;
    this.#access = { token: session.accessToken, endsAtMs: Date.now() + session.expiresInS * 1000 };
    return session;
  }

  /** One renewal, unseen by the payer, when the access token has run out; then the call goes on. */
  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      if (!this.#access || Date.now() > this.#access.endsAtMs - marginMs) await this.open();
      try {
        return (await this.#send(method, path, body, this.#access?.token)) as T;
      } catch (error) {
        const ended = error instanceof ApiError && /^token_(expired|invalid)$/.test(error.code);
        if (renewed || !ended) throw error;
        this.#access = undefined;
      }
    }
  }

  async #send(method: string, path: string, body?: object, accessToken?: string): Promise<unknown> {
    this.#key ??= makeKey();
    const url = this.#options.base + path;
    const headers: Record<string, string> = {
      DPoP: await makeProof(await this.#key, { method, url, accessToken }),
    };
    if (accessToken) headers.Authorization = `DPoP ${accessToken}`;
    if (body) headers["Content-Type"] = "application/json";
    return request(url, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.any([...(this.signal ? [this.signal] : []), AbortSignal.timeout(timeoutMs)]),
    });
  }
}

/** Fetches the host page's own token address: `POST`, answer `{"token": "…"}`. */
export async function fetchToken(url: string): Promise<string> {
  const answer = (await request(url, { method: "POST", credentials: "same-origin" })) as { token?: unknown };
  if (typeof answer?.token !== "string") throw new ApiError("no_token");
  return answer.token;
}

async function request(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, init);
    answer = await response.json().catch(() => undefined);
  } catch {
    throw new ApiError("network");
  }
  if (response.ok && answer !== undefined) return answer;
  const problem = (answer ?? {}) as Partial<Problem>;
  const fallback: Code =
    response.status === 429 ? "rate_limited" : response.status < 500 ? "malformed_request" : "unavailable";
  // A 2xx that cannot be read has been carried out all the same: ask again, as after a lost answer.
  const code = response.ok ? "network" : (problem.code ?? fallback);
  throw new ApiError(code, { ...problem, status: response.status }, retryAfterMs(response));
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), at most a minute. */
function retryAfterMs(response: Response): number {
  const value = response.headers.get("retry-after");
  if (!value) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.min(Math.max(ms || 0, 0), 60_000);
}
