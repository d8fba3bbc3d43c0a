import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { webhookKeyOf } from "../crypto/webhook-secret.ts";
import { settingDefinitions } from "../tenant/settings.ts";
import { signWebhook, verifyWebhook } from "./standard-webhooks.ts";

const now = new Date("2026-03-01T12:00:00Z");
const body = Buffer.from('{"reference":"ref-1"}');
const real = `whsec_${randomBytes(24).toString("base64")}`;

/** Secrets that hold no key, or one that anybody has, and the bytes a decoder makes of each. */
const empty: [string, string][] = [
  ["nothing at all", ""],
  ["the prefix alone", "whsec_"],
  ["the prefix and padding", "whsec_===="],
  ["one character, which decodes to nothing", "whsec_A"],
  ["blanks", "whsec_    "],
  ["what is no base64, of which a decoder takes a part", `whsec_!${randomBytes(24).toString("base64")}`],
  ["base64 and a line feed", `${real}\n`],
  ["base64 after base64's end", `whsec_AA==${randomBytes(24).toString("base64")}`],
  ["three bytes", "whsec_AAAA"],
  ["23 bytes", `whsec_${randomBytes(23).toString("base64")}`],
  ["the prefix twice", "whsec_whsec_"],
];

describe.each(empty)("a secret that is %s", (_, secret) => {
  test("authenticates nobody, not even who signs with what it decodes to", () => {
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    for (const guess of [key, Buffer.alloc(0), Buffer.from(secret)]) {
      const headers = signWebhook({ secret: guess.toString("base64"), eventId: "evt-1", at: now, body });
      expect(verifyWebhook({ secret, body, headers, now })).toBeNull();
    }
  });

  test("is no tenant's setting", () => {
    expect(settingDefinitions["provider.webhookSecret"].schema.safeParse(secret).success).toBe(false);
  });
});

test("a key of 24 bytes and more verifies, in either alphabet, padded or not", () => {
  for (const length of [24, 25, 26, 32, 64]) {
    const key = randomBytes(length);
    for (const encoding of ["base64", "base64url"] as const) {
      const secret = `whsec_${key.toString(encoding)}`;
      expect(Buffer.from(webhookKeyOf(secret) ?? [])).toEqual(key);
      expect(settingDefinitions["provider.webhookSecret"].schema.safeParse(secret).success).toBe(true);
    }
    const headers = signWebhook({ secret: key.toString("base64"), eventId: "evt-1", at: now, body });
    expect(verifyWebhook({ secret: `whsec_${key.toString("base64url")}`, body, headers, now })).toBe("evt-1");
  }
});

test("an empty key's signature is refused by a real secret", () => {
  const seconds = now.getTime() / 1_000;
  const value = createHmac("sha256", "").update(`evt-1.${seconds}.`).update(body).digest("base64");
  const headers = new Headers({
    "webhook-id": "evt-1",
    "webhook-timestamp": `${seconds}`,
    "webhook-signature": `v1,${value}`,
  });
  expect(verifyWebhook({ secret: real, body, headers, now })).toBeNull();
});
