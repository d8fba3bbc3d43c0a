import { randomUUID } from "node:crypto";
import { connect } from "../../database/connect.ts";

/**
 * Whether two administrators' URLs lead to one server, by whatever names: a session at the one is seen at the other.
 */
export async function isSameServer(url: string, otherUrl: string): Promise<boolean> {
  const name = `pay-${randomUUID()}`;
  const here = connect({ url, max: 1, session: { application_name: name } });
  const there = connect({ url: otherUrl, max: 1 });
  try {
    await here`select 1`;
    const seen = await there`select from pg_stat_activity where application_name = ${name}`;
    return seen.length > 0;
  } finally {
    await Promise.all([here.end({ timeout: 2 }), there.end({ timeout: 2 })]);
  }
}
