import { plainLine } from "../../../contract/index.ts";
import { ErpError, type PostResult } from "../connector.ts";
import type { ErpAnswer } from "./exchange.ts";

/** What an unsuccessful answer means; `detail` is the vendor's own words, for the log and the dead letter. */
export function failureOf(answer: ErpAnswer, detail: string): ErpError {
  const { status } = answer;
  return new ErpError(codeOf(status), plainLine(`${status} ${detail}`, 500), {
    retryAfterMs: retryAfterMs(answer.headers),
  });
}

function codeOf(status: number): ErpError["code"] {
  if (status === 429) return "throttled";
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not_found";
  return status >= 500 ? "unreachable" : "protocol";
}

/** A bad token, a slow sender, a record somebody else is editing (409, 412, 423), too early: all pass by themselves. */
const passing = new Set([401, 408, 409, 412, 423, 425]);

/** The ERP read the request and said no: a person must look. */
export function isRefusal(status: number, failure: ErpError): boolean {
  return status >= 400 && status < 500 && !passing.has(status) && failure.code !== "throttled";
}

/**
 * Posting again is safe after every one of these, as each try looks first: what was not certainly
 * refused is tried again. @throws whatever is no `ErpError`: a mistake of ours
 */
export function retryOf(error: unknown): PostResult {
  if (!(error instanceof ErpError)) throw error;
  return { kind: "retry", cause: `${error.code}: ${error.message}`, retryAfterMs: error.retryAfterMs };
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110 §10.2.3), at most an hour; null when there is none. */
export function retryAfterMs(headers: Headers, now: Date = new Date()): number | null {
  const value = headers.get("retry-after")?.trim();
  if (!value) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), 3_600_000);
}
