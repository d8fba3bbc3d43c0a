import type { DeclineCode } from "../charges/charge.ts";

/**
 * What the issuer will do when the card is charged. `hang`: charged, but the answer never comes;
 * `late`: charged, the answer comes late.
 */
export type Behavior = "approve" | "challenge" | "hang" | "late" | DeclineCode;

/** The table in API.md; magic-cards.test.ts holds the two together. */
const magic: Readonly<Record<string, Behavior>> = {
  "4242424242424242": "approve",
  "4000056655665556": "approve",
  "5555555555554444": "approve",
  "378282246310005": "approve",
  "6011111111111117": "approve",
  "4000000000000002": "declined",
  "4000000000009995": "insufficient_funds",
  "4000000000000069": "expired_card",
  "4000000000000127": "incorrect_cvc",
  "4000002760003184": "challenge",
  "4000000000004202": "hang",
  "4000000000004210": "late",
};

export function behaviorOf(number: string): Behavior {
  return magic[number] ?? "declined";
}
