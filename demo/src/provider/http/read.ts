import { z } from "zod";
import { ApiError } from "../errors.ts";
import { faultModes, operations } from "../faults/faults.ts";
import type { Call } from "./app-env.ts";

/** Ids and references: no control characters, which PostgreSQL would refuse. */
const Id = z.string().regex(/^[\w.:-]{1,64}$/);
/** Minor units as digits; 15 of them stay exact in every language a merchant may use. */
const Amount = z.string().regex(/^[1-9]\d{0,14}$/);
const Currency = z.string().regex(/^[A-Z]{3}$/);
const line = (maxLength: number) => z.string().regex(new RegExp(`^[^\\p{Cc}]{1,${maxLength}}$`, "u"));
/** It goes into a policy as it is: nothing in it may end a directive. */
const Origin = z.string().refine((text) => URL.canParse(text) && isOrigin(text) && plainHost.test(text));
const plainHost = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d+)?$/;
const Origins = z.array(Origin).max(100);
const WholeNumber = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number),
  ])
  .pipe(z.int());

export const AccountBody = z.object({
  name: line(80),
  webhookUrl: z.url({ protocol: /^https?$/ }),
  origins: Origins.optional(),
});
export const OriginsBody = z.object({ origins: Origins });
export const CardBody = z.object({
  number: z.string().max(40),
  expiryMonth: WholeNumber,
  /** `2031` or `31`. */
  expiryYear: WholeNumber.transform((year) => (year < 100 ? 2000 + year : year)),
  cvc: z.string().max(4),
});
export const ChargeBody = z.object({
  reference: Id,
  token: Id,
  amount: Amount,
  currency: Currency,
  statement: line(22),
  returnOrigin: Origin.nullable().default(null),
});
export const CaptureBody = z.object({ amount: Amount, currency: Currency });
export const RefundBody = z.object({ reference: Id, amount: Amount, currency: Currency });
export const FaultBody = z.object({
  mode: z.enum(faultModes),
  remaining: z.int().min(0).max(1_000_000).default(1),
  operation: z.enum(operations).nullable().default(null),
});
/** The same from the console's form, where everything is text and "" means all operations. */
export const FaultForm = z.object({
  mode: z.enum(faultModes),
  remaining: z.coerce.number().pipe(z.int().min(0).max(1_000_000)),
  operation: z.enum(["", ...operations]).transform((operation) => operation || null),
});

/**
 * The JSON body, checked. The refusal names the fields and never quotes them.
 * @throws ApiError invalid_request
 */
export async function readJson<T>(c: Call, schema: z.ZodType<T>): Promise<T> {
  let json: unknown;
  try {
    json = JSON.parse(await c.req.text());
  } catch {
    throw new ApiError("invalid_request", "the body is not JSON");
  }
  return check(json, schema);
}

/**
 * The fields of a posted form, checked; of fields sent twice the last.
 * @throws ApiError invalid_request
 */
export async function readForm<T>(c: Call, schema: z.ZodType<T>): Promise<T> {
  return check(Object.fromEntries(new URLSearchParams(await c.req.text())), schema);
}

/** @throws ApiError invalid_request */
export function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join(".") || "body"))];
  throw new ApiError("invalid_request", `missing or wrong: ${fields.join(", ")}`);
}

/** @throws ApiError invalid_request */
export function readIdempotencyKey(c: Call): string {
  const key = c.req.header("idempotency-key") ?? "";
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new ApiError("invalid_request", "the header Idempotency-Key is missing or wrong");
  }
  return key;
}

/**
 * An id from the path: what no id looks like does not exist.
 * @throws ApiError not_found
 */
export function readId(c: Call, name: string): string {
  const id = Id.safeParse(c.req.param(name));
  if (!id.success) throw new ApiError("not_found", `no such ${name}`);
  return id.data;
}

function isOrigin(text: string): boolean {
  return new URL(text).origin === text;
}
