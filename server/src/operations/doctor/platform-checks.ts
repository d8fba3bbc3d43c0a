import { statSync } from "node:fs";
import { isOpenToAll } from "../../../contract/environment/index.ts";
import { isUnavailable } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { bad, type Check, type Finding, fine, note, reasonOf } from "../finding.ts";
import { signingKeyFile } from "../keys/signing-keys.ts";
import { names } from "../names.ts";
import { asAdministrator } from "../servers/database-servers.ts";
import { findMissingRights, type MissingRight, rightsScript } from "../servers/rights.ts";

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

/** Whether each server's administrator may do all that is asked of it, before something stops half-way. */
export const rightsFindings: Check = async ({ ctx }) => {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers order by name`;
  const found = await Promise.all(
    [null, ...servers].map(async (server) => {
      const { namespace } = ctx.address;
      const look = (admin: Sql) => findMissingRights({ admin, namespace });
      // One that does not answer has a finding of its own.
      const missing = await asAdministrator({ ctx, server, work: look }).catch((error) => {
        if (isUnavailable(error)) return null;
        throw error;
      });
      return (
        missing && rightsFinding(server ? `database server ${server.name}` : "the registry's server", missing)
      );
    }),
  );
  return found.flatMap((finding) => finding ?? []);
};

function rightsFinding(server: string, missing: readonly MissingRight[]): Finding {
  const grave = missing.filter(({ needed }) => needed !== "archive");
  const what = `${server}: its administrator lacks ${missing.map(({ right }) => right).join("; ")}`;
  const why = missing.map(({ without }) => without).join("; ");
  const advice = `as its superuser: ${missing.map(({ grant }) => grant).join("; ")}, or all of ${rightsScript}`;
  if (grave.length > 0) return bad(what, why, advice);
  return missing.length > 0
    ? note(what, why, advice)
    : fine(`${server}: its administrator has the rights it needs`);
}

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
  if (!isOpenToAll(found.mode)) return [fine("the key that signs certificates of deletion is private")];
  return [
    bad(
      `${path} is readable by others`,
      "who reads it can forge certificates of deletion; none is signed meanwhile",
      `chmod 600 ${path}`,
    ),
  ];
};
