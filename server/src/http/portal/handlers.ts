import type { PortalRouteId } from "../../../contract/index.ts";
import type { NeutralSender } from "../../email/neutral-sender.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Handlers } from "../mount-routes.ts";
import { auditHandlers } from "./audit-handlers.ts";
import { bookHandlers } from "./book-handlers.ts";
import { embedKeyHandlers } from "./embed-key-handlers.ts";
import { inboxHandlers } from "./inbox-handlers.ts";
import { paymentHandlers } from "./payment-handlers.ts";
import { sessionHandlers } from "./session-handlers.ts";
import { settingHandlers } from "./setting-handlers.ts";
import { teamHandlers } from "./team-handlers.ts";

/** What the portal's pages ask for, through the edge. */
export const portalHandlers = (options: {
  neutral: NeutralSender | null;
  registry: Pick<Registry, "sql">;
}): Handlers<PortalRouteId | "readPortalFace"> => ({
  ...sessionHandlers(options),
  ...teamHandlers(options),
  ...paymentHandlers,
  ...inboxHandlers,
  ...bookHandlers,
  ...settingHandlers,
  ...auditHandlers(options),
  ...embedKeyHandlers,
});
