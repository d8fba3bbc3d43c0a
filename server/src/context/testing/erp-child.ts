/** A server process in small: sends one request to an ERP, in a turn, and waits for its answer. Arguments: one JSON object. */
import { createErpClient } from "../../connectors/transport/client.ts";
import { fileMasterKey } from "../../crypto/master-key.ts";
import type { PlatformAddress } from "../../operations/platform-address.ts";
import { openRegistry } from "../../registry/registry.ts";
import { createLogger } from "../../telemetry/log.ts";
import { openTenants } from "../../tenant/tenants.ts";
import { createErpTurns } from "../erp-turns.ts";

export interface ErpChildInput {
  address: PlatformAddress;
  tenantId: string;
  erpUrl: string;
}

const { address, tenantId, erpUrl }: ErpChildInput = JSON.parse(process.argv[2] ?? "");
const registry = openRegistry({ url: address.registryUrl, masterKey: fileMasterKey(address.masterKeyFile) });
const tenants = openTenants({ registry, log: createLogger({ name: "child", level: "silent" }) });
const client = createErpClient({
  fetch,
  concurrency: 1,
  turns: createErpTurns((await tenants.open(tenantId)).db),
  buyToken: async () => ({ accessToken: "token", expiresInS: 3_600 }),
});
const signal = new AbortController().signal;
await client.send({ method: "GET", url: new URL("/killed", erpUrl), headers: {}, signal });
