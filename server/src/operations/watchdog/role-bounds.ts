import { olderDefaults, roleDefaults } from "../../tenant/role-defaults.ts";

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

const textOf = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`);
/** What a role may lift for itself, which PostgreSQL cannot be told to refuse: `role-watchdog.ts` and the doctor look. */
const given = textOf(roleDefaults);
const known = new Set([...given, ...textOf(superuserSettings)]);
const needed = textOf(olderDefaults);

/** Those that are not what `roleLimits` sets, and those of it that are gone. A database of its own may say the same again. */
export function liftedOf(settings: readonly RoleSetting[]): string[] {
  const everywhere = settings.filter(({ database }) => database === null).map(({ setting }) => setting);
  return [
    ...everywhere.filter((setting) => !known.has(setting)),
    ...needed
      .filter((setting) => !everywhere.includes(setting))
      .map((setting) => `no ${setting.split("=", 1)[0]}`),
    ...settings.flatMap(({ database, setting }) =>
      database === null || known.has(setting) ? [] : [`${database}: ${setting}`],
    ),
  ];
}
