import { defineEnvironment, kinds } from "@clarity/server/contract/environment";
import { z } from "zod";
import { listening } from "../shared/variables.ts";

const link = z.string();

export const mailboxEnvironment = defineEnvironment({
  program: "mailbox",
  about: "SMTP in, web page out, and the start page of the tour.",
  variables: {
    ...listening("4005"),
    SMTP_PORT: { kind: kinds.port, help: "where mail comes in", default: "4006" },
    MAIL_DIR: { kind: kinds.path, help: "where it is kept", required: true },
    TOUR_LINKS: {
      kind: kinds.json(
        "base URLs by name",
        z.object({
          edge: link,
          acme: link,
          globex: link,
          netsuite: link,
          d365: link,
          website: link,
          provider: link,
          mailbox: link,
        }),
      ),
      help: "what the start page leads to",
      required: true,
    },
  },
});
