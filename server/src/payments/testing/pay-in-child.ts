/** A server process in small: starts the one payment it is given, then ends. Tests kill it midway. */
import { createSandboxProvider } from "../../providers/sandbox/sandbox.ts";
import { startPayment } from "../start-payment.ts";
import { createContext, openTenantDb } from "./context.ts";

const { databaseUrl, tenantId, sandbox, settings, start } = JSON.parse(process.env.PAY ?? "");
const { db, sql } = openTenantDb(databaseUrl, tenantId);
const ctx = createContext({ db, provider: createSandboxProvider(sandbox), hooks: {}, settings });
console.log(JSON.stringify(await startPayment({ ctx, input: start })));
await sql.end();
