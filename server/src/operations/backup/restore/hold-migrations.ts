import { errorCode } from "../../../database/client.ts";
import { connect } from "../../../database/connect.ts";
import { migrationLock } from "../../../database/migrate.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import type { DatabasePlace } from "./load-database.ts";

/** Of the one session that stays in the replaced database until the end. */
export const holderName = "pay-restore";

/**
 * Until `run` ends nobody migrates the database that is about to be replaced, so that the restored one gets the
 * same schema. Waits for a migration under way, while the tenant is served. A database that is gone is held by nobody.
 */
export async function whileNobodyMigrates<T>(place: DatabasePlace, run: () => Promise<T>): Promise<T> {
  const url = await administratorUrl(place);
  const holder = connect({
    url,
    max: 1,
    idleTimeoutSeconds: 0,
    lifetimeSeconds: null,
    session: { application_name: holderName },
  });
  try {
    await holder`select pg_advisory_lock(${migrationLock})`.catch((error) => {
      // invalid_catalog_name; `compare` says what that means.
      if (errorCode(error) !== "3D000") throw error;
    });
    return await run();
  } finally {
    await holder.end({ timeout: 2 });
  }
}
