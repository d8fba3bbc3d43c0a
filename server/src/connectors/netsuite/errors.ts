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

function readDetails(text: string): z.infer<typeof ErrorBody>["o:errorDetails"] {
  try {
    return ErrorBody.parse(JSON.parse(text))["o:errorDetails"];
  } catch {
    return [];
  }
}
