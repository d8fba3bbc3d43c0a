import { Hono } from "hono";
import { z } from "zod";
import type { ErpEnv } from "../shared/faults.ts";
import { mailListPage, mailPage } from "./mail-pages.ts";
import type { Smtp } from "./smtp.ts";
import type { MailStore } from "./store.ts";
import { type TourLinks, tourPage } from "./tour-page.ts";

const Fault = z.object({ mode: z.enum(["none", "refuse"]), remaining: z.number().int().min(0).default(1) });

/**
 * What a mail may do when it is looked at: show itself. No script, no form, no request, no origin,
 * and only in our own frame.
 */
const mailPolicy =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

/** The mailbox and the start page of the tour. */
export function mailboxApp(options: { store: MailStore; smtp: Smtp; links: TourLinks }): Hono<ErpEnv> {
  const { store, smtp, links } = options;
  return new Hono<ErpEnv>()
    .get("/healthz", (c) => c.text("ok"))
    .get("/", (c) => tourPage(c, links))
    .get("/mail", (c) => mailListPage(c, { mails: store.list(), tourUrl: links.edge }))
    .get("/mail/:id", async (c) => {
      const mail = store.find(c.req.param("id"));
      return mail ? mailPage(c, mail) : c.text("There is no such mail.", 404);
    })
    .get("/mail/:id/body", (c) => {
      const mail = store.find(c.req.param("id"));
      if (!mail) return c.text("There is no such mail.", 404);
      c.header("content-security-policy", mailPolicy);
      c.header("x-content-type-options", "nosniff");
      return c.html(mail.html);
    })
    .get("/api/messages", (c) => {
      const to = c.req.query("to");
      const messages = store.list().filter((mail) => to === undefined || mail.to.includes(to));
      return c.json({ messages });
    })
    .post("/demo/faults", async (c) => {
      const fault = Fault.safeParse(await c.req.json().catch(() => null));
      if (!fault.success) return c.json({ error: z.prettifyError(fault.error) }, 400);
      smtp.refuse(fault.data.mode === "refuse" ? fault.data.remaining : 0);
      return c.json(fault.data);
    });
}
