import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** F&O's error shape: the outer message is always the same, the cause stands in `innererror`. */
export function failure(c: Context, status: ContentfulStatusCode, cause: string): Response {
  return c.json(
    {
      error: {
        code: "",
        message: "An error has occurred.",
        innererror: {
          message: cause,
          type:
            status === 400
              ? "Microsoft.Dynamics.Platform.Integration.Services.OData.ODataWriteException"
              : "System.Exception",
          stacktrace: "",
        },
      },
    },
    status,
    {
      "odata-version": "4.0",
      "content-type": "application/json; odata.metadata=minimal; odata.streaming=true",
    },
  );
}

/** A refusal found deep inside: rolls the transaction back and becomes the answer. */
export class ODataError extends Error {
  readonly status: ContentfulStatusCode;
  constructor(cause: string, status: ContentfulStatusCode = 400) {
    super(cause);
    this.status = status;
  }
}

/** How a table refuses a row: the infolog comes along. */
export const writeFailed = (entity: string, reason: string) =>
  new ODataError(`Write failed for table row of type '${entity}'. Infolog: Error: ${reason}.`);

export const unavailable = (c: Context) => failure(c, 503, "The service is unavailable.");

export function throttled(c: Context, retryAfterS = 2): Response {
  c.header("retry-after", String(retryAfterS));
  return failure(c, 429, "This request is throttled: too many requests in the time window. Retry later.");
}
