import type { Locale } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { sellerOf } from "../context/seller.ts";
import { loginMail } from "../email/login-mail.ts";
import type { NeutralSender } from "../email/neutral-sender.ts";
import { type MailResult, type MailServer, sendMail } from "../email/smtp.ts";
import { currentTheme } from "../themes/current-theme.ts";
import { challengeLifeS, type NewChallenge, type Purpose } from "./challenge.ts";

export interface ChallengeMail {
  purpose: Purpose;
  challenge: NewChallenge;
  email: string;
  /** Where the portal is: `https://pay.acme.example`. */
  origin: string;
  locale: Locale;
  neutral: NeutralSender | null;
}

/** All of a mail server's tries, ms: somebody is waiting. */
const patienceMs = 20_000;

/** Where the link leads. Its token stands behind the `#`, which browsers keep to themselves: no log and no proxy has it. */
export const loginLink = (origin: string, link: string): string => `${origin}/portal#/login/${link}`;

/**
 * Sends link and code in the tenant's brand, from its own mail server or else the platform's neutral one, under the
 * tenant's name. `not_configured`: there is neither.
 */
export async function mailChallenge(call: {
  ctx: Context;
  input: ChallengeMail;
}): Promise<MailResult | { kind: "not_configured" }> {
  const { ctx, input } = call;
  const { purpose, challenge, email, origin, locale, neutral } = input;
  const seller = await sellerOf(ctx);
  const server = await mailServerOf(ctx, { neutral, name: seller.name });
  if (!server) return { kind: "not_configured" };
  const link = purpose === "step_up" ? null : loginLink(origin, challenge.link);
  const { code } = challenge;
  const mail = loginMail(
    { purpose, locale, seller: seller.name, link, code, lifeS: challengeLifeS[purpose] },
    await currentTheme({ ctx }),
  );
  return sendMail({ id: challenge.id, to: [email], ...mail }, server);
}

async function mailServerOf(
  { settings, network }: Context,
  { neutral, name }: { neutral: NeutralSender | null; name: string },
): Promise<MailServer | null> {
  const signal = AbortSignal.timeout(patienceMs);
  const own = await settings.get("smtp");
  if (own) {
    const password = own.user ? await settings.get("smtp.password") : null;
    return { config: own, password, network, signal };
  }
  if (!neutral) return null;
  // A quoted string of RFC 5322: nothing in the name ends it.
  const from = `"${name.replace(/["\\\r\n]/g, " ")}" <${neutral.config.from}>`;
  return { ...neutral, config: { ...neutral.config, from }, signal };
}
