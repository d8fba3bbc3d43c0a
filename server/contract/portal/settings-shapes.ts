import { z } from "zod";

/** What the settings' pages send and see. No shape here has a place for a secret on its way out. */

const Instant = z.iso.datetime();

/** Who changed something last, and when; `by` null: the platform. */
const Changed = z.object({ at: Instant, by: z.string().nullable() });

/** What is there instead of a value of one's own. */
const Former = z.union([z.object({ value: z.unknown() }), z.object({ default: z.literal(true) })]);

export const PortalSetting = z
  .object({
    key: z.string(),
    kind: z.enum(["secret", "text", "email", "url", "choice", "boolean", "number", "list", "object"]),
    secret: z.boolean(),
    help: z.string(),
    /** JSON Schema (2020-12) of its value, from which the form is made; null for a secret. */
    schema: z.record(z.string(), z.unknown()).nullable(),
    /** null for a secret, whatever it is. */
    value: z.unknown(),
    /** Absent: it has none, and cannot be taken back to it. */
    default: z.unknown().optional(),
    source: z.enum(["stored", "default", "missing"]),
    /** What a change says it has seen. */
    version: z.string(),
    changed: Changed.nullable(),
    /** What it was before the last change; null: not known, or a secret. */
    former: Former.nullable(),
    /** The role may; false also for what only the platform's operator sets. */
    mayChange: z.boolean(),
  })
  .meta({ id: "PortalSetting" });
export type PortalSetting = z.infer<typeof PortalSetting>;

export const PortalFlag = z
  .object({
    key: z.string(),
    help: z.string(),
    value: z.boolean(),
    default: z.boolean(),
    version: z.string(),
    changed: Changed.nullable(),
    reason: z.string().nullable(),
    mayChange: z.boolean(),
  })
  .meta({ id: "PortalFlag" });
export type PortalFlag = z.infer<typeof PortalFlag>;

export const PortalSettings = z
  .object({ settings: z.array(PortalSetting), flags: z.array(PortalFlag) })
  .meta({ id: "PortalSettings" });
export type PortalSettings = z.infer<typeof PortalSettings>;

/** `version` of what the person has seen: a change by somebody else since is `changed_meanwhile`. */
const seen = { version: z.string().max(40) };

export const SettingChange = z
  .union([
    z.object({ value: z.unknown().nonoptional(), ...seen }).strict(),
    z.object({ default: z.literal(true), ...seen }).strict(),
  ])
  .meta({ id: "SettingChange" });
export type SettingChange = z.infer<typeof SettingChange>;

export const SecretChange = z
  .union([
    z.object({ value: z.string().max(20_000), ...seen }).strict(),
    z.object({ default: z.literal(true), ...seen }).strict(),
  ])
  .meta({ id: "SecretChange" });

export const FlagChange = z
  .object({ value: z.boolean().nullable(), reason: z.string().trim().max(200).optional(), ...seen })
  .strict()
  .meta({ id: "FlagChange" });
