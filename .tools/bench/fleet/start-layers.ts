/** `serve-layers.ts` as a child, and a payer with a session at it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Operator } from "@clarity/server";
import { send } from "../load.ts";
import { embedToken, Payer } from "../payer.ts";
import type { Stage } from "../stage.ts";
import { customerId, type PayingTenant } from "./paying-tenant.ts";

/** @param layers the tenant's isolation on or off; `limited`: on, and every tenant held to its limit */
export async function startLayers(input: {
  operator: Operator;
  assetsDir: string;
  tenant: PayingTenant;
  layers: "on" | "off" | "limited";
}): Promise<{ port: number; stop(): void }> {
  const { operator, assetsDir, tenant, layers } = input;
  const stage: Stage = {
    registryUrl: operator.address.registryUrl,
    masterKeyFile: operator.address.masterKeyFile,
    assetsDir,
    tenantId: tenant.open.tenant.id,
    tenantAdminUrl: tenant.adminUrl,
    customerId,
  };
  const script = fileURLToPath(new URL("serve-layers.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(stage), layers], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const [line] = (await once(createInterface({ input: child.stdout as Readable }), "line")) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return { port, stop: () => child.kill() };
}

export async function enter(
  port: number,
  tenant: { open: { tenant: { slug: string } }; embedKey: PayingTenant["embedKey"] },
): Promise<Payer> {
  const payer = new Payer(`${tenant.open.tenant.slug}.localhost:${port}`);
  const token = embedToken(tenant.embedKey, customerId);
  const request = payer.request("POST", "/v1/session", { token, locales: ["en"] });
  const { status, text } = await send(undefined, port, request);
  if (status !== 200) throw new Error(`no session: ${text}`);
  payer.accessToken = (JSON.parse(text) as { accessToken: string }).accessToken;
  return payer;
}
