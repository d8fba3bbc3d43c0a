import { createHmac, timingSafeEqual } from "node:crypto";
import { webhookKeyOf } from "../crypto/webhook-secret.ts";

/** How far a time stamp may be off, either way: an old one may be a replay, a future one a forgery kept for later. */
const toleranceS = 5 * 60;

/**
 * Verifies a Standard Webhooks 1.0.0 message over its raw bytes: `webhook-signature` holds one or
 * more `v1,<base64 HMAC-SHA256 of "id.timestamp.body">`; while a secret is rotated there are two.
 *
 * @param input.secret `whsec_<base64 key>`; of one that holds no key, or a short one, no message is authentic
 * @returns the message id, by which duplicates are known; `null` when it is not authentic.
 */
export function verifyWebhook(input: {
  secret: string;
  body: Uint8Array;
  headers: Headers;
  now: Date;
}): string | null {
  const id = input.headers.get("webhook-id");
  const timestamp = input.headers.get("webhook-timestamp");
  const signatures = input.headers.get("webhook-signature");
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return null;
  if (Math.abs(input.now.getTime() / 1_000 - Number(timestamp)) > toleranceS) return null;
  const key = webhookKeyOf(input.secret);
  if (key === null) return null;
  const expected = digest(key, `${id}.${timestamp}.`, input.body);
  const authentic = signatures.split(" ").some((signature) => {
    const [version, value = ""] = signature.split(",");
    const given = Buffer.from(value, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return authentic ? id : null;
}

/** The headers a sender puts on a message. */
export function signWebhook(input: { secret: string; eventId: string; at: Date; body: Uint8Array }): Headers {
  const timestamp = Math.floor(input.at.getTime() / 1_000);
  const key = Buffer.from(input.secret.replace(/^whsec_/, ""), "base64");
  const signature = digest(key, `${input.eventId}.${timestamp}.`, input.body).toString("base64");
  return new Headers({
    "webhook-id": input.eventId,
    "webhook-timestamp": `${timestamp}`,
    "webhook-signature": `v1,${signature}`,
  });
}

function digest(key: Uint8Array, prefix: string, body: Uint8Array): Buffer {
  return createHmac("sha256", key).update(prefix).update(body).digest();
}
