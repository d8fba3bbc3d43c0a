import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** PostgreSQL's programs of one major version. */
export interface Programs {
  readonly major: number;
  readonly folder: string;
}

/** PostgreSQL's client programs are not installed; the message says what to install. */
class ProgramsMissing extends Error {
  override readonly name = "ProgramsMissing";
}

/**
 * The folder with PostgreSQL's server programs of exactly this major version: what reads a server's own files.
 *
 * @throws ProgramsMissing
 */
export function findServerPrograms({ major, pgBin }: { major: number; pgBin: string | null }): Programs {
  const found = candidates(pgBin).find((programs) => programs.major === major && hasServer(programs));
  if (found) return found;
  throw new ProgramsMissing(
    `no PostgreSQL ${major} server ${pgBin === null ? "here" : `in ${pgBin}`}: recover on the database's own host, ` +
      `install it (Debian: postgresql-${major}), or name its folder in CLARITY_PG_BIN`,
  );
}

const hasServer = ({ folder }: Programs) => existsSync(join(folder, "postgres"));

/**
 * The folder with pg_dump and pg_restore of a server's major version; for want of them of the next newer
 * one, which reads older servers. npm's embedded PostgreSQL has neither.
 *
 * @param major of the server, such as 18
 * @param pgBin look there only; null: where packages put them, then in PATH
 * @throws ProgramsMissing
 */
export function findPrograms({ major, pgBin }: { major: number; pgBin: string | null }): Programs {
  const found = candidates(pgBin)
    .filter((programs) => programs.major >= major)
    .sort((a, b) => a.major - b.major);
  if (found[0]) return found[0];
  throw new ProgramsMissing(
    `no pg_dump of PostgreSQL ${major} or newer ${pgBin === null ? "here" : `in ${pgBin}`}: install ` +
      `PostgreSQL's client programs (Debian: postgresql-client-${major}, Homebrew: postgresql@${major}), ` +
      "or name their folder in CLARITY_PG_BIN",
  );
}

const candidates = (pgBin: string | null): Programs[] =>
  (pgBin === null ? usualFolders() : [pgBin])
    .map((folder) => ({ folder, major: versionIn(folder) }))
    .filter((programs): programs is Programs => programs.major !== null);

/** Packages' own folders first: in Debian's PATH are wrappers that choose a version by themselves. */
function usualFolders(): string[] {
  const parents = [
    ["/usr/lib/postgresql", /^\d+$/],
    ["/opt/homebrew/opt", /^(postgresql|libpq)@\d+$/],
    ["/usr/local/opt", /^(postgresql|libpq)@\d+$/],
    ["/usr", /^pgsql-\d+$/],
  ] as const;
  const folders = parents.flatMap(([parent, pattern]) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => pattern.test(name))
          .map((name) => join(parent, name, "bin"))
      : [],
  );
  return [...folders, ...(process.env.PATH ?? "").split(delimiter).filter(Boolean)];
}

function versionIn(folder: string): number | null {
  const program = join(folder, "pg_dump");
  if (!existsSync(program) || !existsSync(join(folder, "pg_restore"))) return null;
  try {
    const text = execFileSync(program, ["--version"], { encoding: "utf8" });
    return Number(/\(PostgreSQL\) (\d+)/.exec(text)?.[1]) || null;
  } catch {
    return null;
  }
}
