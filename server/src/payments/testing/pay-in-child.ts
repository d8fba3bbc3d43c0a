/** A server process in small: starts the one payment it is given, then ends. Tests kill it midway. */

import { adapters } from "../../context/adapters.ts";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { startPayment } from "../start-payment.ts";
import { createContext, openTenantDb } from "./context.ts";

const { databaseUrl, tenantId, provider, secrets, settings, start } = JSON.parse(process.env.PAY ?? "");
const { db, sql } = openTenantDb(databaseUrl, tenantId);
const ctx = createContext({
  db,
  provider: adapters.provider(provider, secrets, loopbackNetwork),
  hooks: {},
  settings,
});
console.log(JSON.stringify(await startPayment({ ctx, input: start })));
await sql.end();
