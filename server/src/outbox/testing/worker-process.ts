/** A worker as a process of its own, to be killed. Argument: JSON of `Input`. */

import { pino } from "pino";
import { paymentDeliveries } from "../../payments/deliveries/deliveries.ts";
import { createContext, openTenantDb } from "../../payments/testing/context.ts";
import { startWorker } from "../worker.ts";
import { remoteErp } from "./erp.ts";

export interface Input {
  registryUrl: string;
  tenantUrl: string;
  tenantId: string;
  erpUrl: string;
}

const input: Input = JSON.parse(process.argv[2] ?? "");
const { db } = openTenantDb(input.tenantUrl, input.tenantId);
const ctx = createContext({ db, provider: null as never, hooks: {}, settings: {} });
await startWorker({
  deliveries: paymentDeliveries,
  registryUrl: input.registryUrl,
  contextFor: async (_, actor) => ({ ...ctx, actor, connector: async () => remoteErp(input.erpUrl) }),
  listTenantIds: async () => [input.tenantId],
  resolveAttempt: async () => {},
  sweep: { activeMs: 200, idleMs: 200 },
  log: pino({ level: "silent" }),
});
