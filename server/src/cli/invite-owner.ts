import { neutralSender } from "../email/neutral-sender.ts";
import type { Operator } from "../operations/operator.ts";
import { invite } from "../users/invite.ts";
import { loginLink, mailChallenge } from "../users/mail-challenge.ts";
import { contextFor } from "./context.ts";

/** How the first of a tenant's people gets in. */
export interface OwnerInvitation {
  /** Where the portal is. */
  url: string;
  email: string;
  /** Whether the mail's server has taken it. */
  mailed: boolean;
  /** Why not; null: it has. */
  cause: string | null;
  /** The way in, good once and for a week, for the operator to hand over; null: it was mailed. */
  link: string | null;
}

/** Mails a new tenant's owner the way in. Without a mail server the operator is told it, and nothing fails. */
export async function inviteOwner(input: {
  operator: Operator;
  slug: string;
  email: string;
}): Promise<OwnerInvitation | null> {
  const { operator, slug, email } = input;
  const ctx = await contextFor(operator, slug);
  const name = email.split("@")[0] ?? email;
  const invited = await invite({ ctx, input: { email, name, role: "owner" } });
  if (invited.kind === "refused") return null;
  const record = await operator.registry.findBySlug(slug);
  const origin = portalOrigin(record?.hosts ?? [], operator.address.edgeUrl);
  const { challenge } = invited.invited;
  const { mail } = operator.address;
  const neutral = neutralSender(mail?.url, mail?.from);
  const locale = await ctx.settings.get("seller.locale");
  const sent = await mailChallenge({
    ctx,
    input: { purpose: "invitation", challenge, email, origin, locale, neutral },
  });
  const mailed = sent.kind === "sent";
  return {
    url: `${origin}/portal`,
    email,
    mailed,
    cause: mailed ? null : "cause" in sent ? sent.cause : "no mail server is set up",
    link: mailed ? null : loginLink(origin, challenge.link),
  };
}

/** By https at its own domain, or as browsers reach the edge of this machine. */
function portalOrigin(hosts: readonly string[], edgeUrl: string | undefined): string {
  const [first = ""] = hosts;
  if (edgeUrl === undefined) return `https://${hosts.find((host) => !host.endsWith(".localhost")) ?? first}`;
  const host = first;
  const { protocol, port } = new URL(edgeUrl);
  return `${protocol}//${host}${port && `:${port}`}`;
}

export const describeInvitation = ({ url, email, mailed, cause, link }: OwnerInvitation): string =>
  mailed
    ? `${email} was mailed the way in to ${url}`
    : `no mail went out to ${email} (${cause}); the way in, once and for a week: ${link}`;
