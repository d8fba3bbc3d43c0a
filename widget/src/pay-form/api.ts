import type { InvoiceList, Payment, PaymentRequest, Problem, Renewal, Session } from "@clarity/bff/contract";
import type { Code } from "../locales/en.ts";
import { whyUnheard } from "../page/causes.ts";
import { complain, isBrowsersOwn } from "../page/complaint.ts";
import { type Clock, edgeClock } from "./clock.ts";
import { makeKey, makeProof } from "./dpop.ts";
import { asToken, sameHolder } from "./tokens.ts";

/** A refusal or a failure with a code the form has words for. */
export class ApiError extends Error {
  readonly code: Code;
  readonly problem: Partial<Problem>;
  /** From `Retry-After`; 0 when the server did not say. */
  readonly retryAfterMs: number;
  /** The page may give another token, and then it may go on. */
  mayGoOn = false;
  constructor(code: Code, problem: Partial<Problem> = {}, retryAfterMs = 0) {
    super(code);
    this.code = code;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /** The same request may succeed later, and may already have been carried out. */
  get transient(): boolean {
    const { status } = this.problem;
    // Refused for good, and for a while: the payment was not begun. Or the server has tried already, and asking again at
    // once has it try no sooner.
    if (this.code === "too_many_declines" || this.code === "erp_unavailable") return false;
    return this.code === "network" || status === 429 || (status !== undefined && status >= 500);
  }
}

/** What is no answer of the edge's has been broken by the page, which is told. */
export function asFailure(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  complain(error);
  return new ApiError("network");
}

/** Gives an embed token, each good for one session. @throws ApiError when there is none left. */
export type TokenSource = () => Promise<string>;

export interface ApiOptions {
  /** Origin of the payment edge, without a path. */
  base: string;
  /** Address of our own script there, which any page may load. */
  script: string;
  /** Wanted languages as of now, best first. */
  locales: () => readonly string[];
  token: TokenSource;
  /** Ends every request. */
  signal: AbortSignal;
  /** The source has one token and no more. */
  isFixed: () => boolean;
  /** A renewal brought another customer's token: nothing of this session is theirs. */
  changedHands: () => void;
  /** Default the page's. */
  clock?: Clock;
}

/** An open session: what its tokens prove, and to whom it belongs. */
export interface Grant {
  embedToken: string;
  customerId: string;
  accessToken: string;
  key: CryptoKeyPair;
  /** When the access token was given, and when it ends, by the server's clock. */
  givenAtMs: number;
  endsAtMs: number;
  /** Until then its key can renew it; undefined: it cannot. */
  renewableUntilMs?: number;
  /** Then it ends, however often it was renewed. */
  finalMs?: number;
}

/** Longer than the server waits for the provider, so that its answer is not missed. */
const timeoutMs = 45_000;
/** A proof this much older than the answer to it may have been refused for its time alone, ms. */
const untimelyMs = 5_000;
/** Renew this long before the token's end, so that none expires on its way. */
const marginMs = 15_000;
/** A renewal waits so long for the page to say whose the payments are now, ms. */
const holderWaitMs = 4_000;

/** The edge's API. Tokens and keys live here, in memory, and nowhere else. */
export class Api {
  readonly #options: ApiOptions;
  readonly #clock: Clock;
  #grant: Grant | undefined;
  #opening: Promise<Session> | undefined;
  #renewing: Promise<void> | undefined;
  /** How often in a row the edge let other pages be heard, and not this one. */
  #refusals = 0;
  /** A page that can say whose the payments are is asked as often as its first session said, seconds. */
  #askAgainInS = Number.POSITIVE_INFINITY;

  /** `grant`: of a session that was opened before. */
  constructor(options: ApiOptions, grant?: Grant) {
    this.#options = options;
    this.#clock = options.clock ?? edgeClock;
    this.#grant = grant;
  }

  get grant(): Grant | undefined {
    return this.#grant;
  }

  /** `POST /v1/session`; calls at the same time share one. */
  open(): Promise<Session> {
    this.#opening ??= this.#hopefully(this.#open()).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** The session anew, for words in another language: a host's only token may be used for it again. */
  async reopen(): Promise<Session> {
    await this.#opening?.catch(() => {});
    return this.#open(true);
  }

  /**
   * Goes on with the session, by its key: no embed token is spent. Where it may not go on, with a new one, by the page's
   * next token, or when it is wanted `anew`. @throws ApiError
   */
  renew(anew = false): Promise<void> {
    this.#renewing ??= this.#renew(anew).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
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

  async #open(again = false): Promise<Session> {
    if (!globalThis.crypto?.subtle) throw new ApiError("insecure_page");
    const held = this.#grant;
    const embedToken = asToken(await this.#options.token());
    if (!embedToken) throw new ApiError("no_token");
    if (!again && embedToken === held?.embedToken) throw new ApiError("session_ended");
    if (held && !sameHolder(embedToken, held.embedToken)) return this.#changedHands();
    const key = await keyFor(embedToken);
    const body = { token: embedToken, locales: this.#options.locales() };
    const opening = this.#send("POST", "/v1/session", { body, key });
    const session = (await opening.catch((error) => this.#unheard(error))) as Session;
    const customerId = session.customer.id;
    if (held && held.customerId !== customerId) return this.#changedHands();
    this.#grant = { embedToken, customerId, key, ...this.#given(session) };
    return session;
  }

  #hopefully<T>(opening: Promise<T>): Promise<T> {
    return opening.catch((error) => {
      if (error instanceof ApiError) error.mayGoOn = !this.#options.isFixed();
      throw error;
    });
  }

  async #renew(anew: boolean): Promise<void> {
    const held = this.#grant;
    const untilMs = anew ? undefined : held?.renewableUntilMs;
    // After a sleep or a jump of the device's clock the server alone knows.
    if (untilMs && (this.#clock.isInDoubt || this.#clock.now() < untilMs)) {
      await this.#askHolder(held as Grant);
      try {
        const renewal = await this.#send("POST", "/v1/session/renew", { ...(held as Grant), body: {} });
        Object.assign(held as Grant, this.#given(renewal as Renewal));
        return;
      } catch (error) {
        // Its answer may be lost: as long as the former is good that is no matter, and then it is asked for again.
        if ((error as ApiError).transient) {
          if (this.#clock.now() < (held as Grant).endsAtMs) return;
          throw error;
        }
      }
    }
    await this.open();
  }

  /** A page with a source is asked whose the payments are now; what it does not say changes nothing. */
  async #askHolder({ embedToken }: Grant): Promise<void> {
    const { isFixed, token } = this.#options;
    if (isFixed()) return;
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, holderWaitMs));
    const next = asToken(await Promise.race([token(), late]).catch(() => undefined));
    if (next && !sameHolder(next, embedToken)) this.#changedHands();
  }

  #given({ accessToken, expiresInS, renewableInS, endsInS }: Omit<Renewal, "tokenType">) {
    const givenAtMs = this.#clock.now();
    this.#askAgainInS = Math.min(this.#askAgainInS, expiresInS);
    const inMs = (s: number) => givenAtMs + s * 1000;
    return {
      ...{ accessToken, givenAtMs, endsAtMs: inMs(this.#askAgainInS) },
      ...(renewableInS !== undefined && { renewableUntilMs: inMs(renewableInS) }),
      ...(endsInS !== undefined && { finalMs: inMs(endsInS) }),
    };
  }

  /** Unheard three times in a row, where our script is heard, is no accident. @throws ApiError */
  async #unheard(error: unknown): Promise<never> {
    const isUnheard = error instanceof ApiError && error.code === "network" && !this.#grant;
    const why = isUnheard ? await whyUnheard(this.#options.script) : undefined;
    this.#refusals = why ? this.#refusals + 1 : 0;
    // What the page's own policy blocks is blocked for certain.
    throw why && (why === "page_blocked" || this.#refusals > 2) ? new ApiError(why) : error;
  }

  #changedHands(): never {
    this.#options.changedHands();
    throw new ApiError("session_ended");
  }

  /** One renewal, unseen by the payer, ahead of the access token's end, or when it has run out; then the call goes on. */
  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    for (let renewed = false; ; renewed = true) {
      if (!this.#grant || this.#clock.now() > this.#grant.endsAtMs - marginMs) await this.renew();
      const grant = this.#grant as Grant;
      try {
        return (await this.#send(method, path, { ...grant, body })) as T;
      } catch (error) {
        const ended = error instanceof ApiError && /^token_(expired|invalid)$/.test(error.code);
        if (renewed || !ended) throw error;
        grant.endsAtMs = 0;
      }
    }
  }

  /** A proof that was refused because of this device's clock is made once more, by the time that the answer told. */
  async #send(method: string, path: string, more: Sent): Promise<unknown> {
    const madeAtMs = this.#clock.now();
    try {
      return await this.#sendOnce(method, path, more);
    } catch (error) {
      const refused = error instanceof ApiError && error.code === "proof_invalid";
      if (!refused || Math.abs(this.#clock.now() - madeAtMs) < untimelyMs) throw error;
      return this.#sendOnce(method, path, more);
    }
  }

  async #sendOnce(method: string, path: string, more: Sent): Promise<unknown> {
    const { body, key, accessToken } = more;
    const url = this.#options.base + path;
    const nowMs = this.#clock.now();
    const proof = await makeProof(key, { method, url, accessToken, nowMs });
    const headers: Record<string, string> = { DPoP: proof };
    if (accessToken) headers.Authorization = `DPoP ${accessToken}`;
    if (body) headers["Content-Type"] = "application/json";
    const init = { method, headers, body: body ? JSON.stringify(body) : null, credentials: "omit" as const };
    return request(url, { ...init, signal: this.#options.signal }, this.#clock);
  }
}

interface Sent {
  body?: object | undefined;
  key: CryptoKeyPair;
  accessToken?: string;
}

/** Keys of the last tokens: an element made anew, or a copy, may send its token again, and that is no replay. */
const keys = new Map<string, Promise<CryptoKeyPair>>();
const mostKeys = 8;

function keyFor(embedToken: string): Promise<CryptoKeyPair> {
  const key = keys.get(embedToken) ?? makeKey();
  keys.delete(embedToken);
  keys.set(embedToken, key);
  const [oldest] = keys.keys();
  if (keys.size > mostKeys && oldest !== undefined) keys.delete(oldest);
  return key;
}

/**
 * Fetches the host page's own token address: `POST`, answer `{"token": "…"}`. Only of the page's own origin, whatever
 * its markup says of a `<base>`, and without a detour: nobody else may say whose invoices are shown.
 */
export async function fetchToken(address: string, signal: AbortSignal): Promise<string> {
  const url = URL.parse(address, location.protocol === "about:" ? origin : location.href);
  if (url?.origin !== origin) {
    console.error(`pay-form: token-url must be of this page's own origin, ${origin}`);
    throw new ApiError("no_token");
  }
  const init = { method: "POST", credentials: "same-origin", mode: "same-origin", signal } as const;
  const asked = request(url.href, init).catch(({ code, problem, retryAfterMs }: ApiError) => {
    const detail = `token-url, ${url.pathname}, answered ${problem.status ?? "nothing that could be read"}`;
    throw new ApiError(code, { ...problem, detail }, retryAfterMs);
  });
  const answer = (await asked) as { token?: unknown } | null;
  const token = asToken(answer?.token);
  if (!token) throw new ApiError("no_token");
  return token;
}

/** `clock`: of whom is asked, where its time matters. */
async function request(url: string, init: RequestInit, clock?: Clock): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    const signal = AbortSignal.any([...(init.signal ? [init.signal] : []), AbortSignal.timeout(timeoutMs)]);
    response = await fetch(url, { ...init, redirect: "error", cache: "no-store", signal });
    clock?.told(response.headers.get("date"));
    answer = await response.json().catch(() => undefined);
  } catch (error) {
    if (!isBrowsersOwn("fetch")) complain(error);
    throw new ApiError("network");
  }
  if (response.ok && answer !== undefined) return answer;
  const problem = (answer ?? {}) as Partial<Problem>;
  const fallback: Code =
    response.status === 429 ? "rate_limited" : response.status < 500 ? "malformed_request" : "unavailable";
  // A 2xx that cannot be read has been carried out all the same: ask again, as after a lost answer.
  const code = response.ok ? "network" : ((problem.code as Code | undefined) ?? fallback);
  throw new ApiError(code, { ...problem, status: response.status }, retryAfterMs(response));
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) of whoever answers, at most a minute. */
function retryAfterMs({ headers }: Response): number {
  const value = headers.get("retry-after");
  if (!value) return 0;
  const nowMs = Date.parse(headers.get("date") ?? "") || Date.now();
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Math.min(Math.max(ms || 0, 0), 60_000);
}
