import type { SettingValue } from "../../tenant/settings.ts";
import type { OData } from "./odata.ts";

export type D365FoConfig = Extract<NonNullable<SettingValue<"connector">>, { id: "d365-fo" }>;

/** What every part of this connector works with. */
export interface Environment {
  odata: OData;
  config: D365FoConfig;
}
