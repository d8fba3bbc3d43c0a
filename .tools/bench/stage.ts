/** What both servers under measurement are told: the same tenant, the same database. */
export interface Stage {
  registryUrl: string;
  masterKeyFile: string;
  assetsDir: string;
  tenantId: string;
  /** The tenant's database, reached as the administrator: for the server without layers. */
  tenantAdminUrl: string;
  customerId: string;
}

export const readStage = (): Stage => JSON.parse(process.argv[2] ?? "{}");

/** A provider that says yes at once: what is measured is ours. */
export { FakeProvider } from "../../server/src/providers/fake.ts";
