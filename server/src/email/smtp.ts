import { createTransport } from "nodemailer";
import addressparser from "nodemailer/lib/addressparser";
import { plainLine } from "../../contract/index.ts";
import { conceal } from "../crypto/conceal.ts";
import type { SettingValue } from "../tenant/settings.ts";

export type SmtpConfig = NonNullable<SettingValue<"smtp">>;

export interface Mail {
  /** Unique part of the Message-ID; the same for every try. */
  id: string;
  to: string;
  subject: string;
  html: string;
  text: string;
}

export type MailResult =
  | { kind: "sent"; messageId: string }
  | { kind: "retry"; cause: string }
  | { kind: "refused"; cause: string };

/** One mailbox without a display name. Lists, groups and control characters are no address. */
const address = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;
const isAddress = (text: string): boolean => text.length <= 254 && address.test(text);

/**
 * Hands one mail to the tenant's server. Nothing in it names us: Message-ID and greeting carry the
 * sender's domain, multipart boundaries are not the library's, no mailer header.
 */
export async function sendMail(
  mail: Mail,
  { config, password, signal }: { config: SmtpConfig; password: string | null; signal: AbortSignal },
): Promise<MailResult> {
  const from = readSender(config.from);
  if (!from) return { kind: "retry", cause: "the sender address is not valid" };
  if (!isAddress(mail.to)) return { kind: "refused", cause: "the customer's address is not valid" };
  const domain = from.address.split("@")[1] ?? "";
  const messageId = `<${mail.id}@${domain}>`;
  const transport = createTransport({
    host: config.host,
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
    await transport.sendMail({
      from,
      to: { name: "", address: mail.to },
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
    return { kind: "sent", messageId };
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
  return { kind: final.has(code) && responseCode >= 500 ? "refused" : "retry", cause };
}
