/**
 * A server process in small: opens its tenant for every payment as the HTTP layer does, one payment after the other,
 * and prints what became of each, until standard input ends. Arguments: one JSON object.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createFakeErp } from "../../../connectors/fake.ts";
import { createContextFactory } from "../../../context/context-factory.ts";
import { fileMasterKey } from "../../../crypto/master-key.ts";
import { start } from "../../../payments/testing/start.ts";
import { FakeProvider } from "../../../providers/fake.ts";
import { openRegistry } from "../../../registry/registry.ts";
import { createLogger } from "../../../telemetry/log.ts";
import { openTenants } from "../../../tenant/tenants.ts";
import type { PlatformAddress } from "../../platform-address.ts";

export interface PayChildInput {
  address: PlatformAddress;
  tenantId: string;
  /** With a balance that does not run out. */
  invoiceId: string;
}

/** A payment's state as the payer sees it, or the code it was refused with. */
export type PayChildLine = { state: string } | { refused: string };

const { address, tenantId, invoiceId }: PayChildInput = JSON.parse(process.argv[2] ?? "");
const log = createLogger({ name: "child", level: "silent" });
const registry = openRegistry({ url: address.registryUrl, masterKey: fileMasterKey(address.masterKeyFile) });
const tenants = openTenants({ registry, log });
const provider = new FakeProvider();
const adapters = { provider: () => provider, connector: () => createFakeErp().connector };
const makeContext = createContextFactory({ log, adapters });

let stopping = false;
process.stdin.resume().once("end", () => {
  stopping = true;
});
while (!stopping) {
  console.log(JSON.stringify(await payOnce()));
  await delay(5);
}
await tenants.close();
await registry.close();

async function payOnce(): Promise<PayChildLine> {
  try {
    const open = await tenants.open(tenantId);
    const ctx = makeContext(open, { actor: { kind: "customer", id: "C-1" }, requestId: randomUUID() });
    const started = await start(ctx, { lines: [[invoiceId, 100n]] });
    return started.kind === "refused" ? { refused: started.code } : { state: started.payment.state };
  } catch (error) {
    return { refused: String((error as { code?: unknown }).code ?? (error as Error).message) };
  }
}
