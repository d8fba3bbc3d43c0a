/** What one tenant's flood at ten times its limit does to another tenant's reads: p99 with and without, in turn. */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Operator } from "@clarity/server";
import { quantile, send } from "../load.ts";
import type { Payer } from "../payer.ts";
import { type Figure, figure } from "../report.ts";
import { payingTenant } from "./paying-tenant.ts";
import { enter, startLayers } from "./start-layers.ts";

/** Requests a second. */
const quietRate = 50;
const limit = 20;
const floodRate = 10 * limit;
const phaseMs = 6_000;

/**
 * @param assetsDir the widget's build
 * @param rounds each a phase without and one with the flood, about 12 s
 */
export async function flood(input: {
  operator: Operator;
  assetsDir: string;
  rounds: number;
}): Promise<Figure[]> {
  const quiet = await payingTenant({ ctx: input.operator, slug: "quiet" });
  const loud = await payingTenant({ ctx: input.operator, slug: "loud" });
  await loud.open.settings.set("quota.requestsPerMinute", limit * 60);
  const server = await startLayers({ ...input, tenant: quiet, layers: "limited" });
  // One each: the flood's own queue is no part of the other's time.
  const agents = new Map<Payer, Agent>();
  try {
    const [listener, shouter] = [await enter(server.port, quiet), await enter(server.port, loud)];
    for (const payer of [listener, shouter])
      agents.set(payer, new Agent({ keepAlive: true, maxSockets: 64 }));
    const at = (payer: Payer, rate: number) =>
      steadily({ agent: agents.get(payer), port: server.port, payer, rate });
    // Warm, both.
    await Promise.all([at(listener, quietRate), at(shouter, floodRate)]);
    const [calm, flooded, shouted]: [Sent[], Sent[], Sent[]] = [[], [], []];
    for (let round = 0; round < input.rounds; round++) {
      calm.push(...(await at(listener, quietRate)));
      const [heard, shouts] = await Promise.all([at(listener, quietRate), at(shouter, floodRate)]);
      flooded.push(...heard);
      shouted.push(...shouts);
    }
    if ([...calm, ...flooded].some(({ status }) => status !== 200))
      throw new Error("the quiet tenant was refused");
    const served = shouted.filter(({ status }) => status === 200).length / shouted.length;
    const p99 = (sent: readonly Sent[]) =>
      quantile(
        sent.map(({ tookMs }) => tookMs),
        0.99,
      );
    return [
      figure("p99 of a read while another tenant floods at 10 × its limit", p99(flooded), "ms", p99(calm)),
      figure("share of the flood that was served", served * 100, "%"),
    ];
  } finally {
    for (const agent of agents.values()) agent.destroy();
    server.stop();
  }
}

interface Sent {
  status: number;
  tookMs: number;
}

/** One phase of reads at a steady rate, whether or not the ones before are answered. */
async function steadily(input: {
  agent: Agent | undefined;
  port: number;
  payer: Payer;
  rate: number;
}): Promise<Sent[]> {
  const { agent, port, payer, rate } = input;
  const sent: Promise<Sent>[] = [];
  const begun = performance.now();
  for (let n = 0; n < (phaseMs / 1_000) * rate; n++) {
    const dueMs = (n * 1_000) / rate - (performance.now() - begun);
    if (dueMs > 0) await delay(dueMs);
    const request = payer.request("GET", "/v1/invoices");
    const started = performance.now();
    sent.push(
      send(agent, port, request).then(({ status }) => ({ status, tookMs: performance.now() - started })),
    );
  }
  return Promise.all(sent);
}
