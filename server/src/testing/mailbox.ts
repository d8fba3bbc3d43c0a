import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";
import type { NeutralSender } from "../email/neutral-sender.ts";
import { loopbackNetwork } from "../network/testing/loopback.ts";

export interface TestMailbox {
  /** Sends to it. */
  neutral: NeutralSender;
  mails: Email[];
  /** The next mail to an address, from the `from`th on; waits for it. */
  next(to: string, from?: number): Promise<{ mail: Email; link: string | null; code: string | null }>;
  close(): Promise<void>;
}

/** A mail server that keeps what it is given, and reads the link and the code out of it. */
export async function testMailbox(): Promise<TestMailbox> {
  const mails: Email[] = [];
  const waiting = new Set<() => void>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        mails.push(await PostalMime.parse(Buffer.concat(chunks)));
        for (const wake of waiting) wake();
        done();
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address() as AddressInfo;
  const config = { host: "127.0.0.1", port, secure: false, user: null, from: "no-reply@mail.test" };
  return {
    neutral: { config, password: null, network: loopbackNetwork },
    mails,
    async next(to, from = 0) {
      for (;;) {
        const mail = mails.slice(from).findLast((one) => one.to?.some(({ address }) => address === to));
        if (mail) {
          const text = mail.text ?? "";
          const link = /#\/login\/([\w-]{43})/.exec(text)?.[1] ?? null;
          return { mail, link, code: /\b(\d{6})\b/.exec(text)?.[1] ?? null };
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
