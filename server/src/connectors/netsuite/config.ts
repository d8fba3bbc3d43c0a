import type { SettingValue } from "../../tenants/settings.ts";

export type NetsuiteConfig = Extract<NonNullable<SettingValue<"connector">>, { id: "netsuite" }>;
