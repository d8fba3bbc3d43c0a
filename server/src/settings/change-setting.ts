import { faultsOf, type Refused, refused, type SettingChange } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { type SettingDefinition, type SettingKey, settingDefinitions } from "../tenant/settings.ts";
import { isSecret, type SettingsStore } from "../tenant/settings-store.ts";

/** The setting that a path names; null: there is none, or one of the other kind. */
export const settingNamed = (key: string | undefined, kind: "secret" | "plain"): SettingKey | null =>
  key !== undefined &&
  Object.hasOwn(settingDefinitions, key) &&
  isSecret(key as SettingKey) === (kind === "secret")
    ? (key as SettingKey)
    : null;

/** Whether it says where secrets go: changing it asks for the same proof as a secret. */
export const aims = (key: SettingKey): boolean =>
  (settingDefinitions[key] as SettingDefinition).aims === true;

/**
 * Changes a setting, or takes it back to its default, as somebody of the tenant's who has seen what was there.
 *
 * @returns refused `changed_meanwhile`: somebody else has changed it since; `scope_missing`: an operator's affair;
 *   `validation_failed` with pointers below `/value`
 * @throws TenantUnavailable
 */
export async function changeSetting(call: {
  ctx: Context;
  input: { store: SettingsStore; key: SettingKey; change: SettingChange };
}): Promise<{ kind: "changed" } | Refused> {
  const { ctx, input } = call;
  const { store, key, change } = input;
  const definition: SettingDefinition = settingDefinitions[key];
  if (definition.operators) return refused("scope_missing");
  const known = { key, seen: change.version, actor: ctx.actor };
  if ("default" in change) {
    // Whoever has none would be left without a value that others count on.
    if (!definition.secret && definition.default === undefined)
      return refused("validation_failed", { errors: [{ pointer: "/default", message: "there is none" }] });
    return done(await store.change({ ...known, to: "default" }));
  }
  const parsed = definition.schema.safeParse(change.value);
  if (!parsed.success) {
    const errors = faultsOf(parsed.error).map(({ pointer, message }) => ({
      pointer: `/value${pointer}`,
      message,
    }));
    return refused("validation_failed", { errors });
  }
  const errors = key === "embed.origins" ? await plainOrigins(store, parsed.data as string[]) : [];
  if (errors.length > 0) return refused("validation_failed", { errors });
  return done(await store.change({ ...known, to: { value: parsed.data as never } }));
}

/**
 * New pages are told by https, for what is not encrypted anybody on the way may change, the form in it too; a page on the
 * person's own machine is on no way. What an operator has let in may stay.
 */
async function plainOrigins(store: SettingsStore, origins: readonly string[]) {
  const before = new Set(await store.get("embed.origins"));
  return origins.flatMap((origin, at) => {
    const { protocol, hostname } = new URL(origin);
    const loopback = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
    return protocol === "https:" || loopback || before.has(origin)
      ? []
      : [{ pointer: `/value/${at}`, message: "https, or this machine" }];
  });
}

const done = (written: boolean) => (written ? ({ kind: "changed" } as const) : refused("changed_meanwhile"));
