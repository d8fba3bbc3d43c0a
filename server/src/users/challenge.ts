import { randomUUID } from "node:crypto";
import { digestOf, hashCode, newCode, newLinkToken } from "./secrets.ts";

export type Purpose = "login" | "invitation" | "step_up";

/** How long a mail is good for, s. */
export const challengeLifeS: Readonly<Record<Purpose, number>> = {
  login: 15 * 60,
  invitation: 7 * 24 * 3_600,
  step_up: 10 * 60,
};

/** Codes that may be tried of one challenge; its link goes on. */
export const mostAttempts = 5;
/** Of all challenges of one person in an hour. */
export const mostAttemptsAnHour = 15;
/** Mails that one person is sent within fifteen minutes; who asks for more is answered alike. */
export const mostChallenges = 10;

/** What is mailed, and what is stored of it. */
export interface NewChallenge {
  id: string;
  link: string;
  code: string;
  linkDigest: Buffer;
  codeHash: Buffer;
}

export async function newChallenge(): Promise<NewChallenge> {
  const [id, link, code] = [randomUUID(), newLinkToken(), newCode()];
  return { id, link, code, linkDigest: digestOf(link), codeHash: await hashCode(code, id) };
}
