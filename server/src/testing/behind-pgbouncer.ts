import { describe } from "vitest";
import { findPgBouncer, type PgBouncer, startPgBouncer } from "./pgbouncer.ts";
import { temporaryFolders } from "./temporary-folder.ts";

/**
 * Tests that only a PgBouncer in transaction mode can tell the truth of. Where there is none they are skipped and say
 * so; in CI they fail, for a landing must not pass without them.
 *
 * @param tests declares them; its `start` puts one in front of a server, with one server connection per database and role
 */
export function behindPgBouncer(
  tests: (start: (input: { adminUrl: string }) => Promise<PgBouncer>) => void,
): void {
  const command = findPgBouncer();
  const why = command ? "" : " (skipped: no PgBouncer ≥ 1.21, node .tools/pgbouncer.ts gets one)";
  describe.skipIf(!command && !process.env.CI)(`behind PgBouncer in transaction mode${why}`, () => {
    const folder = temporaryFolders();
    tests(async ({ adminUrl }) => {
      if (!command) throw new Error("no PgBouncer ≥ 1.21: node .tools/pgbouncer.ts says why");
      return startPgBouncer({ command, folder: folder(), adminUrl, poolSize: 1 });
    });
  });
}
