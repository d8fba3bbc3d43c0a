import { SMTPServer } from "smtp-server";
import type { MailStore } from "./store.ts";

/** A mail of more bytes is refused; receipts have a few thousand. */
const largestMail = 5_000_000;

export interface Smtp {
  port: number;
  /** The next so many mails get `451 try again later`. */
  refuse(count: number): void;
  close(): Promise<void>;
}

/** Takes mail for anybody from this machine. Says 250 once it is stored. */
export async function startSmtp(options: { store: MailStore; host: string; port: number }): Promise<Smtp> {
  let refusing = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    size: largestMail,
    // Otherwise it looks up the client's name, which needs a network.
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (refusing > 0) {
          refusing -= 1;
          return done(Object.assign(new Error("try again later"), { responseCode: 451 }));
        }
        if (stream.sizeExceeded) return done(Object.assign(new Error("too large"), { responseCode: 552 }));
        const to = session.envelope.rcptTo.map(({ address }) => address);
        options.store.add(Buffer.concat(chunks), to).then(
          () => done(),
          (error) => done(error),
        );
      });
    },
  });
  server.on("error", (error) => console.error(error.message));
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    refuse(count) {
      refusing = count;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
