import { createHmac } from "node:crypto";

/**
 * The three headers of Standard Webhooks 1.0.0 over the exact bytes of `body`.
 * @param secret `whsec_` and the key in base64
 */
export function signWebhook({
  id,
  body,
  secret,
  now,
}: {
  id: string;
  body: string;
  secret: string;
  now: Date;
}): Record<string, string> {
  const timestamp = Math.floor(now.getTime() / 1000); // whole seconds, says the specification
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  };
}
