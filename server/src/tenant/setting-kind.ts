import type { z } from "zod";
import { type SettingKey, settingDefinitions } from "./settings.ts";

/** How a person enters a setting. */
export type SettingKind =
  | "secret"
  | "text"
  | "email"
  | "url"
  | "choice"
  | "boolean"
  | "number"
  | "list"
  | "object";

/** Said once, by the schema. */
export function kindOf(key: SettingKey): SettingKind {
  const definition = settingDefinitions[key];
  return "secret" in definition ? "secret" : kindOfSchema(definition.schema);
}

/** @throws Error for a schema no person could enter */
export function kindOfSchema(schema: z.core.$ZodType): SettingKind {
  const { def } = schema._zod;
  switch (def.type) {
    case "nullable":
    case "optional":
    case "default":
      return kindOfSchema((def as z.core.$ZodNullableDef).innerType);
    case "string": {
      const { format } = def as z.core.$ZodStringFormatDef;
      return format === "email" || format === "url" ? format : "text";
    }
    case "enum":
      return "choice";
    case "boolean":
    case "number":
      return def.type;
    case "array":
      return "list";
    case "object":
    case "record":
      return "object";
    case "union": {
      const [kind, ...others] = new Set((def as z.core.$ZodUnionDef).options.map(kindOfSchema));
      if (kind !== undefined && others.length === 0) return kind;
    }
  }
  throw new Error(`a setting of schema ${def.type} has no kind`);
}
