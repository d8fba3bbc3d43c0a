import type { SettingValue } from "../../tenant/settings.ts";

export type NetsuiteConfig = Extract<NonNullable<SettingValue<"connector">>, { id: "netsuite" }>;
