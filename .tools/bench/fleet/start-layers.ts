/** `serve-layers.ts` for a tenant, and a payer with a session at it. */
import type { Operator } from "@clarity/server/operate";
import { send } from "../load.ts";
import { embedToken, Payer } from "../payer.ts";
import { type MeasuredServer, startServer } from "../start-server.ts";
import { customerId, type PayingTenant, stageOf } from "./paying-tenant.ts";

/** @param layers the tenant's isolation on or off; `limited`: on, and every tenant held to its limit */
export function startLayers(input: {
  operator: Operator;
  assetsDir: string;
  tenant: PayingTenant;
  layers: "on" | "off" | "limited";
}): Promise<MeasuredServer> {
  return startServer("serve-layers.ts", stageOf(input), { args: [input.layers] });
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
