/** Mailbox and tour as a process of their own; environment.ts says what it reads. */
import { environmentAtStart, onTerminal } from "@clarity/server/contract/environment";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { mailboxApp } from "./app.ts";
import { mailboxEnvironment } from "./environment.ts";
import { startSmtp } from "./smtp.ts";
import { MailStore } from "./store.ts";

const env = environmentAtStart(mailboxEnvironment, onTerminal);
const store = await MailStore.open(env.MAIL_DIR);
const smtp = await startSmtp({ store, host: env.HOST, port: env.SMTP_PORT });
const app = mailboxApp({ store, smtp, links: env.TOUR_LINKS });
const { close } = await serve({
  name: "mailbox",
  app,
  host: env.HOST,
  port: env.PORT,
  stop: () => smtp.close(),
});
stopOnSignal(close);
