/**
 * One payer who reads invoices at a steady rate, whether or not the reads before are answered. As a child: told how
 * long, answers what became of each; so that a flood costs the process that measures beside it nothing.
 */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { send } from "../load.ts";
import type { Payer } from "../payer.ts";
import type { PayingTenant } from "./paying-tenant.ts";
import { enter } from "./start-layers.ts";

export interface Sent {
  status: number;
  tookMs: number;
}

/** What the child is started with. */
export interface Sender {
  port: number;
  slug: string;
  embedKey: PayingTenant["embedKey"];
  /** Requests a second. */
  rate: number;
}

/** @param rate requests a second */
export async function sendSteadily(input: {
  port: number;
  payer: Payer;
  rate: number;
  forMs: number;
}): Promise<Sent[]> {
  const { port, payer, rate } = input;
  // Of its own: the server closes connections that were idle between two phases.
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const sent: Promise<Sent>[] = [];
  const begun = performance.now();
  for (let n = 0; n < (input.forMs / 1_000) * rate; n++) {
    const dueMs = (n * 1_000) / rate - (performance.now() - begun);
    if (dueMs > 0) await delay(dueMs);
    const request = payer.request("GET", "/v1/invoices");
    const started = performance.now();
    sent.push(
      send(agent, port, request).then(({ status }) => ({ status, tookMs: performance.now() - started })),
    );
  }
  return Promise.all(sent).finally(() => agent.destroy());
}

if (import.meta.main) {
  const { port, slug, embedKey, rate }: Sender = JSON.parse(process.argv[2] ?? "{}");
  const payer = await enter(port, { open: { tenant: { slug } }, embedKey });
  process.on("message", async (forMs: number) =>
    process.send?.(await sendSteadily({ port, payer, rate, forMs })),
  );
  process.on("disconnect", () => process.exit(0));
  process.send?.("ready");
}
