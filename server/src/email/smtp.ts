import { isIP } from "node:net";
import { createTransport } from "nodemailer";
import addressparser from "nodemailer/lib/addressparser";
import { plainLine } from "../../contract/index.ts";
import { conceal } from "../crypto/conceal.ts";
import type { Network } from "../network/network.ts";
import type { SettingValue } from "../tenant/settings.ts";

export type SmtpConfig = NonNullable<SettingValue<"smtp">>;

export interface Mail {
  /** Unique part of the Message-ID; the same for every try. */
  id: string;
  /** As `readAddresses` answers them. */
  to: readonly string[];
  subject: string;
  html: string;
  text: string;
}

/** The tenant's own, by the guarded way: a tenant chooses the address. */
export interface MailServer {
  config: SmtpConfig;
  password: string | null;
  network: Network;
  signal: AbortSignal;
}

export type MailResult =
  /** `rejected`: so many of the receivers the server did not take, beside at least one that it did. */
  | { kind: "sent"; messageId: string; rejected: number }
  | { kind: "retry"; cause: string }
  /** For good: this address or this message. */
  | { kind: "rejected"; cause: string };

/** The sender's: one mailbox without a display name. Lists, groups and control characters are no address. */
const address = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;
const isAddress = (text: string): boolean => text.length <= 254 && address.test(text);

/**
 * Hands one mail to the tenant's server. Nothing in it names us: Message-ID and greeting carry the
 * sender's domain, multipart boundaries are not the library's, no mailer header.
 */
export async function sendMail(
  mail: Mail,
  { config, password, signal, network }: MailServer,
): Promise<MailResult> {
  const from = readSender(config.from);
  if (!from) return { kind: "retry", cause: "the sender address is not valid" };
  if (mail.to.length === 0) return { kind: "rejected", cause: "the customer's address is not valid" };
  const domain = from.address.split("@")[1] ?? "";
  const messageId = `<${mail.id}@${domain}>`;
  const address = await network.resolve(config).catch((error: Error) => error);
  if (address instanceof Error) return { kind: "retry", cause: address.message };
  const transport = createTransport({
    // The address that was judged; the name is what its certificate must say.
    host: address,
    ...(isIP(config.host) === 0 && { servername: config.host, tls: { servername: config.host } }),
    port: config.port,
    secure: config.secure,
    // Never a password over a line that can be read.
    ...(config.user && { auth: { user: config.user, pass: password ?? "" }, requireTLS: !config.secure }),
    // In EHLO and so in the first Received line; the default is this machine's name.
    name: domain,
    dnsTimeout: 5_000,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 20_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sent = await transport.sendMail({
      from,
      to: mail.to.map((address) => ({ name: "", address })),
      subject: oneLine(mail.subject),
      text: mail.text,
      html: mail.html,
      messageId,
      xMailer: false,
      boundaryPrefix: "=_",
      // RFC 3834: no vacation notes in answer.
      headers: { "Auto-Submitted": "auto-generated" },
      signal,
    });
    return { kind: "sent", messageId, rejected: sent.rejected.length };
  } catch (error) {
    return failureOf(error, password);
  } finally {
    transport.close();
  }
}

function readSender(from: string): { name: string; address: string } | null {
  const [sender, ...more] = addressparser(oneLine(from), { flatten: true });
  if (!sender || more.length > 0 || !isAddress(sender.address)) return null;
  return { name: sender.name, address: sender.address };
}

/** Header values end at the line; nothing in them may start another header. */
const oneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get in.
  text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, " ").trim();

/** The server's 5xx about this receiver or this message: trying again cannot help. */
const final = new Set(["EENVELOPE", "EMESSAGE"]);

function failureOf(error: unknown, password: string | null): MailResult {
  const {
    responseCode = 0,
    code = "",
    message,
  } = error as {
    responseCode?: number;
    code?: string;
    message: string;
  };
  const cause = plainLine(conceal(`${code} ${message}`, [password]).trim(), 300);
  return { kind: final.has(code) && responseCode >= 500 ? "rejected" : "retry", cause };
}
