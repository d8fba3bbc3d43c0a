import { statSync } from "node:fs";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { bad, type Check, type Finding, fine, reasonOf } from "../finding.ts";
import { signingKeyFile } from "../keys/signing-keys.ts";
import { names } from "../names.ts";
import { asAdministrator } from "../servers/database-servers.ts";

export const templateFindings: Check = async ({ ctx }) => {
  const template = names.template(ctx.address.namespace, latestSchemaVersion());
  const found = await ctx.admin`select from pg_database where datname = ${template}`;
  const what = `template ${template} is there`;
  return found.length > 0
    ? [fine(what)]
    : [bad(`${what}: missing`, "no tenant can be made", "run clarity migrate")];
};

/** Each PostgreSQL server beside the registry's own, as its administrator. */
export const serverFindings: Check = async ({ ctx, records }) => {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers order by name`;
  return Promise.all(
    servers.map(async (server): Promise<Finding> => {
      const tenants = records.filter(({ database }) => database.server?.name === server.name).length;
      const what = `database server ${server.name} answers its administrator`;
      try {
        await asAdministrator({ ctx, server, work: (sql) => sql`select 1` });
        return fine(what);
      } catch (error) {
        const advice = "start it, or give it a role that may log in";
        return bad(`${what}: no, ${reasonOf(error)}`, `${tenants} tenants live there`, advice);
      }
    }),
  );
};

/** Tokens are accepted this far beside their time, s; beyond it sessions are refused. */
const mostSkewS = 5;

/** This machine's clock against the database server's. */
export const clockFindings: Check = async ({ ctx, now }) => {
  const startedAt = performance.now();
  const [row] = await ctx.registry.sql<{ at: Date }[]>`select clock_timestamp() as at`;
  const askedForMs = performance.now() - startedAt;
  if (!row) return [];
  const apartS = (row.at.getTime() - now.getTime() - askedForMs / 2) / 1_000;
  if (Math.abs(apartS) <= mostSkewS) return [fine("this machine's clock and the database's agree")];
  return [
    bad(
      `the database's clock is ${Math.abs(apartS).toFixed(0)} s ${apartS > 0 ? "ahead of" : "behind"} this machine's`,
      "tokens and leases end too early or too late: sessions are refused, deliveries wait",
      "let both machines take their time by NTP (timedatectl set-ntp true)",
    ),
  ];
};

export const certificateKeyFindings: Check = async ({ ctx }) => {
  const path = signingKeyFile(ctx);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  if ((found.mode & 0o077) === 0) return [fine("the key that signs certificates of deletion is private")];
  return [
    bad(
      `${path} is readable by others`,
      "who reads it can forge certificates of deletion; none is signed meanwhile",
      `chmod 600 ${path}`,
    ),
  ];
};
