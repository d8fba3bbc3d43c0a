import { roleDefaults, sessionLimits } from "../../tenant/role-defaults.ts";

/** Only a superuser gives it, and no role lifts it: what sorts of a leaked password may fill of the disk. */
export const superuserSettings: Readonly<Record<string, string>> = { temp_file_limit: "1GB" };

/** A statement of ours is over before; a backup's snapshot is not, s. */
export const longestTransactionS = 60;

export interface RoleSetting {
  /** null: of every database. */
  readonly database: string | null;
  /** `name=value` */
  readonly setting: string;
}

/**
 * Those that are not what the role was given, and bounds of it that are gone. In one database it may have given itself the
 * same again: behind a pooler servers do.
 */
export function liftedOf(settings: readonly RoleSetting[]): string[] {
  const given = Object.entries(roleDefaults).map(written);
  const known = [...given, ...Object.entries(superuserSettings).map(written)];
  const everywhere = settings.filter(({ database }) => database === null).map(({ setting }) => setting);
  return [
    ...everywhere.filter((setting) => !known.includes(setting)),
    // The bounds alone: roles of before have not all defaults of now.
    ...Object.entries(sessionLimits)
      .filter((limit) => !everywhere.includes(written(limit)))
      .map(([name]) => `no ${name}`),
    ...settings.flatMap(({ database, setting }) =>
      database === null || given.includes(setting) ? [] : [`${database}: ${setting}`],
    ),
  ];
}

const written = ([name, value]: [string, string]) => `${name}=${value}`;
