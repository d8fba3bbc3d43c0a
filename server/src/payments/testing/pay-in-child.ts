/** A server process in small: starts the one payment it is given, or finishes the one attempt, then ends. Tests kill it midway. */

import { adapters } from "../../context/adapters.ts";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { resolveAttempt } from "../resolve-attempt.ts";
import { startPayment } from "../start-payment.ts";
import { createContext, openTenantDb } from "./context.ts";

const { databaseUrl, tenantId, provider, secrets, settings, start, attemptId } = JSON.parse(
  process.env.PAY ?? "",
);
const { db, sql } = openTenantDb(databaseUrl, tenantId);
const ctx = createContext({
  db,
  provider: adapters.provider(provider, secrets, loopbackNetwork),
  hooks: {},
  settings,
});
const done = start
  ? await startPayment({ ctx, input: start })
  : (await resolveAttempt({ ctx, input: { attemptId } })).kind;
console.log(JSON.stringify(done));
await sql.end();
