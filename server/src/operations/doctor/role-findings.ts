import type { TenantRecord } from "../../registry/tenant-record.ts";
import { bad, type Check, type Finding, note } from "../finding.ts";
import { inspectRole, type RoleState } from "../servers/inspect-role.ts";
import { longestTransactionS } from "../watchdog/role-bounds.ts";

/** Databases looked into at once. */
const parallel = 6;
/** Of the queue of notifications: what fails when it is full is others' too. */
const fullQueue = 0.1;

/**
 * What a tenant's role may do to itself and PostgreSQL cannot refuse. A database that does not answer is told of by the
 * tenant's own check.
 */
export const roleFindings: Check = async ({ ctx, records }) => {
  const served = records.filter(({ status }) => status === "active" || status === "suspended");
  const states: { record: TenantRecord; state: RoleState }[] = [];
  const waiting = served.values();
  const look = async () => {
    for (const record of waiting) {
      const state = await inspectRole({ ctx, record }).catch(() => null);
      if (state) states.push({ record, state });
    }
  };
  await Promise.all(Array.from({ length: parallel }, look));
  states.sort((a, b) => (a.record.slug < b.record.slug ? -1 : 1));
  return [...states.flatMap(ofOne), ...ofServers(states)];
};

function ofOne({ record: { slug, database }, state }: { record: TenantRecord; state: RoleState }): Finding[] {
  const repair = `clarity tenant repair-role ${slug}, with --new-password unless it is known who did it`;
  const found: Finding[] = [];
  if (state.password === "another") {
    found.push(
      bad(
        `${slug}: the password of its role ${database.role} is not the one that servers have`,
        "no server gets in: nobody can pay it. A role may change its own password, so somebody has it",
        repair,
      ),
    );
  }
  if (state.lifted.length > 0) {
    found.push(
      bad(
        `${slug}: its role has lifted its bounds: ${state.lifted.join(", ")}`,
        "a statement of whoever has its password may hold up others for as long as it likes",
        repair,
      ),
    );
  }
  if (state.long > 0) {
    found.push(
      note(
        `${slug}: ${state.long} transactions of its role are open for more than ${longestTransactionS} s`,
        "a backup's snapshot may be, and nothing else of ours",
        `if none is being made: ${repair}`,
      ),
    );
  }
  return found;
}

function ofServers(states: readonly { record: TenantRecord; state: RoleState }[]): Finding[] {
  const servers = Map.groupBy(states, ({ record }) => record.database.server?.name ?? "main");
  return [...servers].flatMap(([server, there]) => {
    const queue = Math.max(...there.map(({ state }) => state.notificationQueue));
    const open = there.filter(({ state }) => state.openToAll.length > 0);
    const found: Finding[] = [];
    if (queue > fullQueue) {
      found.push(
        bad(
          `database server ${server}: its queue of notifications is ${Math.round(queue * 100)} % full`,
          "when it is full nothing that notifies can commit, in any database: no tenant is made or changed",
          "end the oldest transaction of a session that listens: select * from pg_stat_activity order by xact_start",
        ),
      );
    }
    if (open.length > 0) {
      const slug = open[0]?.record.slug ?? "";
      found.push(
        note(
          `database server ${server}: in ${open.length} databases, such as ${slug}'s, every role may call what no tenant needs`,
          "who has a tenant's password can store large objects, fill the table of locks and the queue of notifications",
          `clarity tenant repair-role ${slug}; only a superuser can take that away, so with another administrator it stays`,
        ),
      );
    }
    return found;
  });
}
