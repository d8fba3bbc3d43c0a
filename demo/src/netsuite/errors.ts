import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

export interface ErrorDetail {
  detail: string;
  code: string;
  /** Field of the record, such as `apply.items[0].amount`. */
  path?: string;
  /** Query parameter or body member of SuiteQL. */
  queryParameter?: string;
}

const titles: Record<number, [title: string, section: string]> = {
  400: ["Bad Request", "15.5.1"],
  401: ["Unauthorized", "15.5.2"],
  404: ["Not Found", "15.5.5"],
  429: ["Too Many Requests", "15.5.30"],
  503: ["Service Unavailable", "15.6.4"],
};

/** SuiteTalk's error shape: `{type, title, status, "o:errorDetails": […]}`. */
export function failure(c: Context, status: ContentfulStatusCode, error: ErrorDetail): Response {
  const [title, section] = titles[status] ?? ["Error", "15.6.1"];
  const body = {
    type: `https://www.rfc-editor.org/rfc/rfc9110.html#section-${section}`,
    title,
    status,
    "o:errorDetails": [
      {
        detail: error.detail,
        ...(error.path === undefined ? {} : { "o:errorPath": error.path }),
        ...(error.queryParameter === undefined ? {} : { "o:errorQueryParam": error.queryParameter }),
        "o:errorCode": error.code,
      },
    ],
  };
  return c.body(JSON.stringify(body), status, {
    "content-type": 'application/vnd.oracle.resource+json; type=error; charset="utf-8"',
  });
}

/** A refusal found deep inside a transaction: rolls it back and becomes the answer. */
export class RestError extends Error {
  readonly status: ContentfulStatusCode;
  readonly error: ErrorDetail;
  constructor(error: ErrorDetail, status: ContentfulStatusCode = 400) {
    super(error.detail);
    this.status = status;
    this.error = error;
  }
}

/** The one way a record refuses its content. */
export const userError = (detail: string, path?: string) =>
  new RestError({
    detail: `Error while accessing a resource. ${detail}`,
    code: "USER_ERROR",
    ...(path === undefined ? {} : { path }),
  });

export const unavailable = (c: Context) =>
  failure(c, 503, { detail: "The service is temporarily unavailable.", code: "UNEXPECTED_ERROR" });

export const tooManyRequests = (c: Context) =>
  failure(c, 429, {
    detail: "Concurrent request limit exceeded. Request blocked.",
    code: "CONCURRENCY_LIMIT_EXCEEDED",
  });
