/**
 * Bounds on what even a leaked password can hold up, and the only ones behind a pooler, where sessions cannot
 * bring their own. Longer than our pools wait, so that they hear of a slow statement by its own time-out. A role may
 * lift them for itself, which PostgreSQL cannot be told to refuse: `role-watchdog.ts` and the doctor look.
 */
export const roleSettings: Readonly<Record<string, string>> = {
  statement_timeout: "5s",
  lock_timeout: "2s",
  idle_in_transaction_session_timeout: "10s",
};

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

/** Those that are not what `roleLimits` sets, and those of it that are gone. */
export function liftedOf(settings: readonly RoleSetting[]): string[] {
  const given = Object.entries(roleSettings).map(([name, value]) => `${name}=${value}`);
  const known = [...given, ...Object.entries(superuserSettings).map(([name, value]) => `${name}=${value}`)];
  const everywhere = settings.filter(({ database }) => database === null).map(({ setting }) => setting);
  return [
    ...everywhere.filter((setting) => !known.includes(setting)),
    ...given
      .filter((setting) => !everywhere.includes(setting))
      .map((setting) => `no ${setting.split("=", 1)[0]}`),
    ...settings.flatMap(({ database, setting }) => (database === null ? [] : [`${database}: ${setting}`])),
  ];
}
