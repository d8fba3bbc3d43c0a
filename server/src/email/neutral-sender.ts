import { defineVariables, kinds } from "../../contract/environment/index.ts";
import { parseAllowList } from "../network/allow-list.ts";
import { createNetwork, type Network } from "../network/network.ts";
import type { SmtpConfig } from "./smtp.ts";

/** The platform's own mail server, for what tenants without one have to send. An operator names it, not a tenant. */
export interface NeutralSender {
  /** `from` is an address without a name: the tenant's stands before it. */
  config: SmtpConfig;
  password: string | null;
  /** To that server, and to no other that is not public. */
  network: Network;
}

export const mailVariables = defineVariables({
  CLARITY_MAIL_URL: {
    kind: kinds.smtpUrl,
    help: "sends what tenants without a mail server of their own have to say to their people",
    otherwise: "nothing is sent for them",
    secret: true,
  },
  CLARITY_MAIL_FROM: {
    kind: kinds.textLike("an address, no-reply@pay.example", /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/),
    help: "the neutral sender's address; the tenant's name stands before it",
    otherwise: "nothing is sent for them",
  },
});

/** @param url `smtp://user:password@host:port` or `smtps://…`; null where either is not set */
export function neutralSender(url: string | undefined, from: string | undefined): NeutralSender | null {
  if (!url || !from) return null;
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const place = { host, port: Number(port) || (secure ? 465 : 587) };
  return {
    config: { ...place, secure, user: username ? decodeURIComponent(username) : null, from },
    password: password ? decodeURIComponent(password) : null,
    network: createNetwork({ allow: parseAllowList(`${hostname}:${place.port}`) }),
  };
}
