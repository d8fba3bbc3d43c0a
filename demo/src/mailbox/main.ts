/** Mailbox and tour as a process of their own; see README.md for the environment. */
import { integer, optional, required } from "../shared/environment.ts";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { mailboxApp } from "./app.ts";
import { startSmtp } from "./smtp.ts";
import { MailStore } from "./store.ts";

const host = optional("HOST", "127.0.0.1");
const store = await MailStore.open(required("MAIL_DIR"));
const smtp = await startSmtp({ store, host, port: integer("SMTP_PORT", 4006) });
const app = mailboxApp({ store, smtp, links: JSON.parse(required("TOUR_LINKS")) });
const { close } = await serve({
  name: "mailbox",
  app,
  host,
  port: integer("PORT", 4005),
  stop: () => smtp.close(),
});
stopOnSignal(close);
