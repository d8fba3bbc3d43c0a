/** What one tenant's flood at ten times its limit does to another tenant's reads: p99 with and without, in turn. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Operator } from "@clarity/server/operate";
import { quantile } from "../load.ts";
import { type Figure, figure } from "../report.ts";
import { type PayingTenant, payingTenant } from "./paying-tenant.ts";
import { type Sender, type Sent, sendSteadily } from "./send-steadily.ts";
import { enter, startLayers } from "./start-layers.ts";

/** Requests a second. */
const quietRate = 50;
const limit = 20;
const floodRate = 10 * limit;
/** Short turns, many of them: what else the machine does then weighs on both sides alike. */
const phaseMs = 2_000;
const turns = 6;
/** A flood's first requests come at once, as anybody's may; it is heard from when they are spent. */
const leadMs = 500;

/**
 * @param assetsDir the widget's build
 * @param rounds each some phases without and with the flood in turn, about 24 s
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
    const phase = async ({ floods }: { floods: boolean }) => {
      const listen = sendSteadily({ port: server.port, payer, rate: quietRate, forMs: phaseMs });
      if (!floods) return { heard: await listen(), shouted: [] };
      await shouter.prepare(leadMs + phaseMs);
      const [heard, shouted] = await Promise.all([delay(leadMs).then(listen), shouter.send()]);
      return { heard, shouted };
    };
    // Warm, both.
    for (let turn = 0; turn < 3; turn++) await phase({ floods: true });
    const [calm, flooded, shouted]: [Sent[], Sent[], Sent[]] = [[], [], []];
    for (let turn = 0; turn < input.rounds * turns; turn++) {
      calm.push(...(await phase({ floods: false })).heard);
      const loudly = await phase({ floods: true });
      flooded.push(...loudly.heard);
      shouted.push(...loudly.shouted);
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
      figure("share of the flood that was served, its first burst included", served * 100, "%"),
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
    async prepare(forMs: number): Promise<void> {
      child.send({ prepareMs: forMs });
      await once(child, "message");
    },
    async send(): Promise<Sent[]> {
      child.send("send");
      const [sent] = (await once(child, "message")) as [Sent[]];
      return sent;
    },
    stop: () => child.kill(),
  };
}
