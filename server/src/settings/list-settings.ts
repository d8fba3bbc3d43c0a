import { z } from "zod";
import { may, type PortalSetting, type Role } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { type SettingDefinition, type SettingKey, settingDefinitions } from "../tenant/settings.ts";
import type { SettingSummary, SettingsStore } from "../tenant/settings-store.ts";
import { type LastChange, lastChanges } from "./last-changes.ts";

/**
 * Every setting as a person sees it: of a secret that it is set and since when, never a piece of it.
 *
 * @throws TenantUnavailable
 */
export async function listSettings(call: {
  ctx: Context;
  input: { store: SettingsStore; role: Role };
}): Promise<PortalSetting[]> {
  const { ctx, input } = call;
  const settings = await input.store.list();
  const changes = await lastChanges({
    ctx,
    input: { subjects: settings.map(({ key }) => key), actions: ["setting.set", "setting.unset"] },
  });
  return settings.map((setting) => viewOf(setting, { last: changes.get(setting.key), role: input.role }));
}

function viewOf(
  { key, kind, secret, help, source, value, version, updatedAt }: SettingSummary,
  { last, role }: { last: LastChange | undefined; role: Role },
): PortalSetting {
  const definition: SettingDefinition = settingDefinitions[key];
  const at = last?.at ?? updatedAt;
  return {
    ...{ key, kind, secret, help, source, value, version },
    schema: secret ? null : schemaOf(key),
    ...("default" in definition && { default: definition.default }),
    changed: at ? { at: at.toISOString(), by: last?.by ?? null } : null,
    former: secret ? null : formerIn(last),
    mayChange: !definition.operators && may(role, secret ? "secrets.change" : "settings.change"),
  };
}

const Former = z.union([
  z.object({ value: z.unknown().nonoptional() }),
  z.object({ default: z.literal(true) }),
]);

/** Entries of before it was written down have none. */
const formerIn = (last: LastChange | undefined): PortalSetting["former"] =>
  Former.safeParse(last?.detail.from).data ?? null;

const schemas = new Map<SettingKey, Record<string, unknown>>();

/** What a form is made of: JSON Schema of what goes in. What a schema says in code only is checked when it is saved. */
function schemaOf(key: SettingKey): Record<string, unknown> {
  const known = schemas.get(key);
  if (known) return known;
  const { schema }: SettingDefinition = settingDefinitions[key];
  // With names out of no registry nothing is a reference.
  const metadata = z.registry<Record<string, unknown>>();
  const options = { io: "input", unrepresentable: "any", reused: "inline", metadata } as const;
  const { $schema: _, ...made } = z.toJSONSchema(schema, options);
  schemas.set(key, made);
  return made;
}
