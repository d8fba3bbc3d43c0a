/** What one tenant's flood at ten times its limit does to another tenant's reads: p99 with and without, in turn. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Operator } from "@clarity/server";
import { median, quantile } from "../load.ts";
import { type Figure, figure } from "../report.ts";
import { type PayingTenant, payingTenant } from "./paying-tenant.ts";
import { type Sender, type Sent, sendSteadily } from "./send-steadily.ts";
import { enter, startLayers } from "./start-layers.ts";

/** Requests a second. */
const quietRate = 50;
const limit = 20;
const floodRate = 10 * limit;
/** 200 reads: the p99 of a phase is its second worst. */
const phaseMs = 4_000;

/**
 * @param assetsDir the widget's build
 * @param rounds each a phase without and one with the flood, about 8 s; an odd number
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
  const shouter = await startSender(server.port, loud, floodRate);
  try {
    const payer = await enter(server.port, quiet);
    const listen = () => sendSteadily({ port: server.port, payer, rate: quietRate, forMs: phaseMs });
    // Warm, both.
    for (let phase = 0; phase < 3; phase++) await Promise.all([listen(), shouter.send(phaseMs)]);
    const [calm, flooded, shouted]: [Sent[][], Sent[][], Sent[]] = [[], [], []];
    for (let round = 0; round < input.rounds; round++) {
      calm.push(await listen());
      const [heard, shouts] = await Promise.all([listen(), shouter.send(phaseMs)]);
      flooded.push(heard);
      shouted.push(...shouts);
    }
    if ([...calm, ...flooded].flat().some(({ status }) => status !== 200))
      throw new Error("the quiet tenant was refused");
    const served = shouted.filter(({ status }) => status === 200).length / shouted.length;
    // The median phase's: what else the machine did for a moment is not the flood's doing.
    const p99 = (phases: readonly Sent[][]) =>
      median(
        phases.map((sent) =>
          quantile(
            sent.map(({ tookMs }) => tookMs),
            0.99,
          ),
        ),
      );
    return [
      figure("p99 of a read while another tenant floods at 10 × its limit", p99(flooded), "ms", p99(calm)),
      figure("share of the flood that was served", served * 100, "%"),
    ];
  } finally {
    shouter.stop();
    server.stop();
  }
}

/** A tenant's payer in a process of its own. */
async function startSender(port: number, { open, embedKey }: PayingTenant, rate: number) {
  const sender: Sender = { port, slug: open.tenant.slug, embedKey, rate };
  const child = fork(fileURLToPath(new URL("send-steadily.ts", import.meta.url)), [JSON.stringify(sender)]);
  await once(child, "message");
  return {
    async send(forMs: number): Promise<Sent[]> {
      child.send(forMs);
      const [sent] = (await once(child, "message")) as [Sent[]];
      return sent;
    },
    stop: () => child.kill(),
  };
}
