import type { Operator } from "@clarity/server/operate";
import { send } from "./load.ts";
import { type Figure, figure } from "./report.ts";
import { startServer } from "./start-server.ts";

/** Resident memory one more tenant costs a server once its pool has gone idle: of those that `creation` made. */
export async function idleTenants(input: { operator: Operator; assetsDir: string }): Promise<Figure> {
  const { registryUrl, masterKeyFile } = input.operator.address;
  // No tenant is paid to, any will do.
  const nobody = { tenantId: "", tenantAdminUrl: "", customerId: "" };
  const stage = { registryUrl, masterKeyFile, assetsDir: input.assetsDir, ...nobody };
  const server = await startServer("serve-layers.ts", stage, { args: ["on"], nodeArgs: ["--expose-gc"] });
  const touch = (slug: string) =>
    send(undefined, server.port, {
      method: "GET",
      path: "/embed",
      headers: { host: `${slug}.localhost:${server.port}` },
    });
  await touch("bench-50");
  const before = await server.memoryBytes();
  const count = 50;
  for (let index = 0; index < count; index++) await touch(`bench-${index}`);
  const after = await server.memoryBytes();
  server.stop();
  return figure("resident memory per open tenant, 50 opened", (after - before) / count / 1024, "KiB");
}
