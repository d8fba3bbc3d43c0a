import { quoteIdentifier } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { names } from "../names.ts";
import { prepareTemplate } from "./prepare-template.ts";
import { describeMissing, findMissingRights, type MissingRight, rightsScript } from "./rights.ts";

/**
 * What tenants need of any PostgreSQL server: the group roles and the template. Repeatable.
 *
 * @param input.schemaVersion of the template. Default this code's last
 */
export async function prepareServer(input: {
  adminUrl: string;
  namespace: string;
  schemaVersion?: number;
}): Promise<void> {
  const admin = connect({ url: input.adminUrl, max: 2 });
  try {
    await refuseUnfit({ admin, namespace: input.namespace, needed: ["making"] });
    await exclusively(admin, () => prepareTenancy({ admin, ...input }));
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/** The part of it that is done while nobody else prepares. */
export async function prepareTenancy(input: {
  admin: Sql;
  adminUrl: string;
  namespace: string;
  schemaVersion?: number;
}): Promise<void> {
  const { admin, namespace } = input;
  await ensureRole(admin, names.owner(namespace), "nologin");
  await ensureRole(admin, names.tenants(namespace), "nologin");
  await prepareTemplate(input);
}

/**
 * @param needed the kinds of rights without which it is of no use
 * @throws Error with what is wrong with the server, or with all that the role lacks that was given for it
 */
export async function refuseUnfit(input: {
  admin: Sql;
  namespace: string;
  needed: readonly MissingRight["needed"][];
}): Promise<void> {
  const { admin, needed } = input;
  const [row] = await admin<{ version: number; role: string }[]>`
    select current_setting('server_version_num')::int as version, current_user as role`;
  if (!row) throw new Error("unreachable: one row");
  if (row.version < 150_000) {
    throw new Error(`PostgreSQL ${Math.floor(row.version / 10_000)} is too old: 15 or newer is needed`);
  }
  const missing = (await findMissingRights(input)).filter((right) => needed.includes(right.needed));
  if (missing.length === 0) return;
  throw new RightsMissing(row.role, describeMissing(missing));
}

/** The administrator may not do what is needed: each of `lacks` says what, and the statement that grants it. */
export class RightsMissing extends Error {
  override readonly name = "RightsMissing";
  readonly lacks: readonly string[];
  constructor(role: string, lacks: readonly string[]) {
    super(`the role ${role} lacks, all of it in ${rightsScript}:`);
    this.lacks = lacks;
  }
}

/** "prep" in ASCII, an advisory lock's number. */
const lockNumber = 0x70726570;

/** One preparation of a server at a time; others wait. */
export async function exclusively<T>(admin: Sql, run: () => Promise<T>): Promise<T> {
  const session = await admin.reserve();
  try {
    await session`select pg_advisory_lock(${lockNumber})`;
    return await run();
  } finally {
    await session`select pg_advisory_unlock(${lockNumber})`.catch(() => {});
    session.release();
  }
}

export async function ensureRole(admin: Sql, role: string, attributes: string): Promise<void> {
  const name = quoteIdentifier(role);
  const [exists] = await admin`select from pg_roles where rolname = ${role}`;
  if (!exists) {
    // The administrator must be able to act for it; a superuser may anyway.
    await admin.unsafe(`create role ${name} ${attributes}; grant ${name} to current_user`);
  } else {
    await admin.unsafe(`alter role ${name} ${attributes}`);
  }
}
