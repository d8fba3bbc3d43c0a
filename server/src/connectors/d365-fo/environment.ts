import type { D365FoConfig } from "./config.ts";
import type { OData } from "./odata.ts";

/** What every part of this connector works with. */
export interface Environment {
  odata: OData;
  config: D365FoConfig;
}
