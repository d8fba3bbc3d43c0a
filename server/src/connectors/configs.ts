import { z } from "zod";
import { D365FoConfig, d365FoSecretHelp } from "./d365-fo/config.ts";
import { NetsuiteConfig, netsuiteSecretHelp } from "./netsuite/config.ts";

/** The connectors there are, each by the schema of its own settings. `context/adapters.ts` makes them. */
export const ConnectorConfig = z.discriminatedUnion("id", [NetsuiteConfig, D365FoConfig]);
export type ConnectorConfig = z.infer<typeof ConnectorConfig>;

/** What the one secret is at each ERP. */
export const connectorSecretHelp = [netsuiteSecretHelp, d365FoSecretHelp].join(" ");
