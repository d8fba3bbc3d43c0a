import { logNames, registryLogs } from "../audit/registry-logs.ts";
import { bad, type Check } from "../finding.ts";

/** Shipping has the next row within seconds. */
const latestMinutes = 10;

/** Of the registry's own logs: whether servers could rewrite them, and whether copies are behind. */
export const logFindings: Check = async ({ ctx }) => {
  const { sql } = ctx.registry;
  const findings = [];
  const owned = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
      and (c.relowner = current_user::regrole or (c.relname = any (${[...registryLogs]}::text[])
        and has_table_privilege(current_user, c.oid, 'update, delete, truncate, trigger')))
    order by 1`;
  if (owned.length > 0) {
    findings.push(
      bad(
        `the role that servers log in as has rights over ${owned.map(({ name }) => name).join(", ")} in the registry`,
        "whoever has its password can erase what operators did, and act in an operator's session",
        "run clarity migrate, which takes them away",
      ),
    );
  }
  for (const log of registryLogs) {
    const [row] = await sql<{ behind: boolean }[]>`
      select exists (
        select from ${sql(log)} l
        where l.id > s.up_to and l.at < clock_timestamp() - make_interval(mins => ${latestMinutes})
      ) as behind
      from (select max(up_to) as up_to from log_shipments where log = ${log}) s`;
    if (!row?.behind) continue;
    findings.push(
      bad(
        `${logNames[log]}: rows of more than ${latestMinutes} minutes ago have not been shipped`,
        "until they are, who owns the registry's database can cut them off unnoticed",
        "read a server's log for what CLARITY_AUDIT_COPY_URL or CLARITY_AUDIT_COPY_FILE answers; is one with them running?",
      ),
    );
  }
  return findings;
};
