import type { ErpTiming } from "../transport/timing.ts";
import type { D365FoConfig } from "./config.ts";
import { type Filter, odata } from "./literals.ts";
import type { OData } from "./odata.ts";

/** What every part of this connector works with. */
export interface Environment {
  odata: OData;
  config: D365FoConfig;
  timing: ErpTiming;
}

/** Every question names the legal entity: without it F&O answers for all of them. */
export const inCompany = ({ config }: Pick<Environment, "config">): Filter =>
  odata`dataAreaId eq ${config.company}`;
