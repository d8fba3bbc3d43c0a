import { z } from "zod";
import { ErpError } from "../connector.ts";
import type { ErpAnswer } from "../transport/exchange.ts";
import { failureOf, retryAfterMs } from "../transport/failure.ts";

/** SuiteTalk's error body. */
const ErrorBody = z.object({
  "o:errorDetails": z
    .array(
      z.object({
        detail: z.string().default(""),
        "o:errorCode": z.string().default(""),
        "o:errorPath": z.string().optional(),
      }),
    )
    .min(1),
});
type Details = z.infer<typeof ErrorBody>["o:errorDetails"];

/** REST says 429, RESTlets and older gateways 400; both mean: later. */
const limitCodes = new Set([
  "CONCURRENCY_LIMIT_EXCEEDED",
  "REQUEST_LIMIT_EXCEEDED",
  "SSS_REQUEST_LIMIT_EXCEEDED",
]);

export function failureOfNetsuite(answer: ErpAnswer): ErpError {
  const details = readDetails(answer.text);
  const words = details
    .map((d) => [d["o:errorCode"], d["o:errorPath"], d.detail].filter(Boolean).join(" "))
    .join("; ");
  if (details.some((d) => limitCodes.has(d["o:errorCode"]))) {
    return new ErpError("throttled", `${answer.status} ${words}`.slice(0, 500), {
      retryAfterMs: retryAfterMs(answer.headers),
    });
  }
  return failureOf(answer, words || "without error details");
}

/** A query names what this account does not have: a feature that is switched off takes columns and records away. */
export class NotInAccount extends ErpError {
  /** Column or record, in lower case. */
  readonly missing: string;
  constructor(missing: string) {
    super("protocol", `this account has no ${missing} in SuiteQL`);
    this.missing = missing;
  }
}

/** The column or record that a refused query names and the account lacks; null: that is not why. */
export function notInAccount({ status, text }: ErpAnswer): string | null {
  if (status !== 400) return null;
  for (const { detail } of readDetails(text)) {
    const name =
      /Unknown identifier '(?:\w+\.)?(\w+)'/i.exec(detail)?.[1] ??
      /Record '(\w+)' was not found/i.exec(detail)?.[1];
    if (name) return name.toLowerCase();
  }
  return null;
}

/** Does a refused writing complain of a field that the record does not have here? */
export function namesUnknownField({ status, text }: ErpAnswer): boolean {
  if (status !== 400) return false;
  return readDetails(text).some(({ detail }) => /\bunknown\b/i.test(detail));
}

function readDetails(text: string): Details {
  try {
    return ErrorBody.parse(JSON.parse(text))["o:errorDetails"];
  } catch {
    return [];
  }
}
