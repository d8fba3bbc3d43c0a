import type { z } from "zod";
import { plainLine } from "../../../contract/index.ts";
import { conceal } from "../../crypto/conceal.ts";
import { readBounded } from "../../network/network.ts";
import { captureKeyOf, type Outcome, type Provider, type Unknown } from "../provider.ts";
import { verifyWebhook } from "../standard-webhooks.ts";
import { SandboxConfig } from "./config.ts";
import { Account, ApiError, Charge, Origins, outcomeOf, Refund, Token, WebhookBody } from "./wire.ts";

export interface SandboxOptions {
  /** API base as the server reaches it, without a trailing slash. */
  baseUrl: string;
  /** `sk_…` */
  secretKey: string;
  /** `whsec_<base64>` */
  webhookSecret: string;
  /** Longest wait for one answer; the caller's signal may end it sooner. */
  timeoutMs: number;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

type Reply<T> =
  | { kind: "ok"; body: T }
  /** The vendor read the request and said no, with its own error code. */
  | { kind: "no"; status: number; code: string }
  | Unknown;

/** A charge is some hundred bytes; whoever answers more is not asked to go on. */
const mostBytes = 1024 * 1024;

/** Codes that prove nothing was given back. Any other no, our key's or the limiter's, proves nothing. */
const refundRefusals = new Set(["amount_too_large", "not_captured", "currency_mismatch", "not_found"]);

/** The sandbox provider's adapter; its API is described in `demo/src/provider/API.md`. */
export function createSandboxProvider(options: SandboxOptions): Provider {
  const call = caller(options);
  const path = (reference: string) => `/v1/charges/${encodeURIComponent(reference)}`;
  let account: string | null = null;
  return {
    id: SandboxConfig.shape.id.value,
    captures: "once",

    async account({ signal }) {
      if (account === null) {
        const reply = await call({ path: "/v1/account", schema: Account, signal });
        if (reply.kind !== "ok") return unknown(reply);
        account = reply.body.id;
      }
      return { kind: "account", id: account };
    },

    async allowOrigins({ origins, signal }) {
      const path = "/v1/account/origins";
      const reply = await call({ path, key: "origins", body: { origins }, schema: Origins, signal });
      return reply.kind === "ok" ? { kind: "allowed" } : unknown(reply);
    },

    async inspect({ token, signal }) {
      const reply = await call({ path: `/v1/tokens/${encodeURIComponent(token)}`, schema: Token, signal });
      if (reply.kind === "ok") return { kind: "card", ...reply.body };
      if (reply.kind === "no" && reply.status === 404) return { kind: "invalid" };
      return unknown(reply);
    },

    async authorize({ reference, token, money, statement, returnOrigin, signal }) {
      const amount = `${money.amountMinor}`;
      const body = { reference, token, amount, currency: money.currency, statement, returnOrigin };
      const reply = await call({ path: "/v1/charges", key: reference, body, schema: Charge, signal });
      if (reply.kind === "ok") return outcomeOf(reply.body);
      const refused = reply.kind === "no" && reply.code === "invalid_token";
      return refused ? { kind: "declined", providerRef: null, reason: "declined" } : unknown(reply);
    },

    async capture({ reference, money, key = captureKeyOf(reference), signal }) {
      const body = { amount: `${money.amountMinor}`, currency: money.currency };
      const reply = await call({ path: `${path(reference)}/capture`, key, body, schema: Charge, signal });
      // Whatever it was that said no, whether money was taken is for `find` to tell.
      return reply.kind === "ok" ? outcomeOf(reply.body) : unknown(reply);
    },

    async refund({ reference, refundReference, money, signal }) {
      const body = { reference: refundReference, amount: `${money.amountMinor}`, currency: money.currency };
      const reply = await call({
        path: `${path(reference)}/refunds`,
        key: refundReference,
        body,
        schema: Refund,
        signal,
      });
      if (reply.kind === "ok") return { kind: "refunded", providerRef: reply.body.id, money };
      if (reply.kind === "no" && refundRefusals.has(reply.code))
        return { kind: "refused", cause: reply.code };
      return unknown(reply);
    },

    async find({ reference, providerRef, signal }): Promise<Outcome | { kind: "absent" }> {
      const own = providerRef && `/v1/charges/by-id/${encodeURIComponent(providerRef)}`;
      const reply = await call({ path: own || path(reference), schema: Charge, signal });
      if (reply.kind === "ok") return outcomeOf(reply.body);
      if (reply.kind === "no" && reply.code === "not_found") return { kind: "absent" };
      return unknown(reply);
    },

    async readWebhook({ body, headers, now }) {
      const eventId = verifyWebhook({ secret: options.webhookSecret, body, headers, now });
      if (eventId === null) return null;
      const news = WebhookBody.safeParse(parse(Buffer.from(body).toString("utf8")));
      return news.success ? { eventId, reference: news.data.data.reference } : null;
    },
  };
}

interface Call<T> {
  path: string;
  /** Idempotency key; set: a POST. */
  key?: string;
  body?: unknown;
  schema: z.ZodType<T>;
  signal: AbortSignal;
}

function caller({ baseUrl, secretKey, timeoutMs, fetch: ask = fetch }: SandboxOptions) {
  return async <T>({ path, key, body, schema, signal }: Call<T>): Promise<Reply<T>> => {
    try {
      const response = await ask(baseUrl + path, {
        method: key === undefined ? "GET" : "POST",
        headers: {
          authorization: `Bearer ${secretKey}`,
          ...(key !== undefined && { "idempotency-key": key, "content-type": "application/json" }),
        },
        ...(key !== undefined && { body: JSON.stringify(body) }),
        // A redirect would carry the secret key elsewhere.
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const text = await readBounded(response, mostBytes);
      // An error may quote what it was sent.
      return read(response.status, parse(response.ok ? text : conceal(text, [secretKey])), schema);
    } catch (error) {
      return { kind: "unknown", cause: conceal(causeOf(error), [secretKey]) };
    }
  };
}

function read<T>(status: number, json: unknown, schema: z.ZodType<T>): Reply<T> {
  if (status >= 200 && status < 300) {
    const parsed = schema.safeParse(json);
    return parsed.success
      ? { kind: "ok", body: parsed.data }
      : { kind: "unknown", cause: `an answer of another shape (${status})` };
  }
  const error = ApiError.safeParse(json);
  const cause = `answered ${status}`;
  // It may have had its effect. Behind a gateway that gave up waiting (502, 504) the call may still run.
  const over = status >= 500 && (error.success || (status !== 502 && status !== 504));
  if (over) return { kind: "unknown", cause, vendorError: true };
  // A proxy's page says nothing about the charge.
  if (!error.success) return { kind: "unknown", cause };
  return { kind: "no", status, code: error.data.error.code };
}

function unknown(reply: Exclude<Reply<unknown>, { kind: "ok" }>): Unknown {
  return reply.kind === "unknown"
    ? reply
    : { kind: "unknown", cause: plainLine(`${reply.status} ${reply.code}`, 200) };
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
