import { may, type PortalFlag, type Refused, type Role, refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import {
  type FlagDefinition,
  type FlagKey,
  flagDefinitions,
  isFlagKey,
} from "../tenant/flags/definitions.ts";
import { type FlagOverrides, versionOf } from "../tenant/flags/overrides.ts";
import { lastChanges } from "./last-changes.ts";

/** Flags that a tenant's people may set; an override of the past is none. @throws TenantUnavailable */
export async function listOwnFlags(call: {
  ctx: Context;
  input: { overrides: FlagOverrides; role: Role };
}): Promise<PortalFlag[]> {
  const { ctx, input } = call;
  const own = Object.keys(flagDefinitions).filter(isOwnFlag);
  const overrides = new Map((await input.overrides.list()).map((one) => [one.key, one]));
  const changes = await lastChanges({ ctx, input: { subjects: own, actions: ["flag.set", "flag.unset"] } });
  return own.map((key) => {
    const definition = flagDefinitions[key];
    const override = overrides.get(key);
    const counts = override && (override.expiresAt === null || override.expiresAt > ctx.now());
    const last = changes.get(key);
    return {
      key,
      help: definition.description,
      value: counts && typeof override.value === "boolean" ? override.value : definition.default,
      default: definition.default,
      version: versionOf(override),
      changed: last ? { at: last.at.toISOString(), by: last.by } : null,
      reason: counts ? override.reason : null,
      mayChange: may(input.role, "settings.change"),
    };
  });
}

/**
 * Sets a flag for the tenant; null: its default counts again.
 *
 * @returns refused `not_found`: none that is theirs to set; `changed_meanwhile`: somebody else has changed it since
 * @throws TenantUnavailable
 */
export async function changeOwnFlag(call: {
  ctx: Context;
  input: {
    overrides: FlagOverrides;
    key: string;
    value: boolean | null;
    reason?: string | undefined;
    seen: string;
  };
}): Promise<{ kind: "changed" } | Refused> {
  const { ctx, input } = call;
  const { overrides, key, value, reason, seen } = input;
  if (!isOwnFlag(key)) return refused("not_found");
  const by = { seen, actor: ctx.actor };
  const done =
    value === null
      ? (await overrides.unset(key, by)) || seen === ""
      : await overrides.set(key, value, { reason, ...by });
  return done ? { kind: "changed" } : refused("changed_meanwhile");
}

const isOwnFlag = (key: string): key is FlagKey =>
  isFlagKey(key) && (flagDefinitions[key] as FlagDefinition).tenants === true;
