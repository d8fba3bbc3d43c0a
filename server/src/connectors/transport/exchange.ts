import { conceal } from "../../crypto/conceal.ts";
import { ErpError } from "../connector.ts";
import { erpTiming } from "./timing.ts";

/** A page of 1,000 invoices is about 400 kB; a D365 page of 10,000 rows about 4 MB. */
const largestAnswerBytes = 16 * 1024 * 1024;

export interface ErpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  url: URL;
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Connecting and reading the answer included, ms. Default: as long as a reading may take. */
  timeoutMs?: number;
  /** What it carries that an error may not quote. Default: nothing. */
  secrets?: readonly string[];
}

export interface ErpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * One HTTP exchange: bounded in time and size, never redirected (a redirect would carry the bearer
 * token elsewhere). Whether the request was worked on is unknown when this throws. An unsuccessful answer quotes no secret
 * of the request, nor does what is thrown; for that it has no cause.
 * @throws ErpError `unreachable`, `protocol`
 */
export async function exchange(fetcher: typeof fetch, request: ErpRequest): Promise<ErpAnswer> {
  const { method, url, headers, body, secrets = [], timeoutMs = erpTiming.readMs } = request;
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await fetcher(url, {
      method,
      headers: { accept: "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      signal,
    });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new ErpError("protocol", `${method} ${url.pathname}: refused a redirect (${response.status})`);
    }
    const text = await boundedText(response);
    const { status, ok } = response;
    return { status, headers: response.headers, text: ok ? text : conceal(text, secrets) };
  } catch (error) {
    if (error instanceof ErpError) throw error;
    throw new ErpError("unreachable", conceal(`${method} ${url.pathname}: ${reasonOf(error)}`, secrets));
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (bytes > largestAnswerBytes)
      throw new ErpError("protocol", `an answer above ${largestAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  // Of several addresses that were tried there is only a code.
  return `${error.message}: ${cause.message || (cause as NodeJS.ErrnoException).code}`;
}
