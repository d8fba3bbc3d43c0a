import type { TenantRecord } from "../../registry/tenant-record.ts";

/** What can be asked for of a tenant that is made, and is changed by a verb of its own once it is there. */
export interface Asked {
  readonly hosts?: readonly string[] | undefined;
  readonly tier?: string | undefined;
  readonly databaseServer?: string | null | undefined;
  readonly instance?: string | null | undefined;
}

/** A wish of somebody who asked to make a tenant that was there already. */
export interface NotAsAsked {
  readonly what: string;
  readonly is: string;
  /** The command that makes it so. */
  readonly change: string;
}

/** A tenant that is there is not changed by being asked for again: what it is otherwise is said, and how to change it. */
export function notAsAsked(record: TenantRecord, asked: Asked): NotAsAsked[] {
  const { slug, hosts, tier, upstream, database } = record;
  const server = database.server?.name ?? "main";
  const missing = (asked.hosts ?? []).filter((host) => !hosts.includes(host.toLowerCase()));
  const differs = (wish: string | null | undefined, is: string | null) => wish != null && wish !== is;
  return [
    ...missing.map((host) => ({
      what: `host ${host}`,
      is: "not one of its own",
      change: `clarity host add ${slug} ${host}`,
    })),
    ...(differs(asked.tier, tier)
      ? [{ what: `tier ${asked.tier}`, is: tier, change: `clarity tenant promote ${slug}, or demote` }]
      : []),
    ...(differs(asked.databaseServer, server)
      ? [
          {
            what: `database server ${asked.databaseServer}`,
            is: server,
            change: `clarity tenant move ${slug} --database-server ${asked.databaseServer}`,
          },
        ]
      : []),
    ...(differs(asked.instance, upstream)
      ? [
          {
            what: `instance ${asked.instance}`,
            is: upstream ?? "the shared servers",
            change: `clarity tenant move ${slug} --instance ${asked.instance}`,
          },
        ]
      : []),
  ];
}

/** In words, a line each. */
export const describeNotAsAsked = (wishes: readonly NotAsAsked[]): string[] =>
  wishes.map(({ what, is, change }) => `left as it is: ${what} was asked for, it is ${is}: ${change}`);
