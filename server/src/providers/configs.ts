import { z } from "zod";
import { SandboxConfig } from "./sandbox/config.ts";

/** The providers there are, each by the schema of its own settings. `context/adapters.ts` makes them. */
export const ProviderConfig = z.discriminatedUnion("id", [SandboxConfig]);
export type ProviderConfig = z.infer<typeof ProviderConfig>;
