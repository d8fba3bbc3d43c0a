/**
 * One payer who reads invoices at a steady rate, whether or not the reads before are answered. As a child: told how
 * long, gets ready; told to send, answers what became of each. So a flood costs the process that measures nothing.
 */
import { Agent } from "node:http";
import { constants, setPriority } from "node:os";
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

/**
 * Signs what it will send: a payer's own machine does that, not the one that is measured.
 * @param rate requests a second
 * @returns sends it
 */
export function sendSteadily(input: {
  port: number;
  payer: Payer;
  rate: number;
  forMs: number;
}): () => Promise<Sent[]> {
  const { port, payer, rate, forMs } = input;
  const requests = Array.from({ length: (forMs / 1_000) * rate }, () => payer.request("GET", "/v1/invoices"));
  return async () => {
    // Of its own: the server closes connections that were idle between two phases.
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    const sent: Promise<Sent>[] = [];
    const begun = performance.now();
    for (const [n, request] of requests.entries()) {
      const dueMs = (n * 1_000) / rate - (performance.now() - begun);
      if (dueMs > 0) await delay(dueMs);
      const started = performance.now();
      sent.push(
        send(agent, port, request).then(({ status }) => ({ status, tookMs: performance.now() - started })),
      );
    }
    return Promise.all(sent).finally(() => agent.destroy());
  };
}

if (import.meta.main) {
  // A flood comes from elsewhere and takes none of a server's cores.
  setPriority(constants.priority.PRIORITY_LOW);
  const { port, slug, embedKey, rate }: Sender = JSON.parse(process.argv[2] ?? "{}");
  const payer = await enter(port, { open: { tenant: { slug } }, embedKey });
  let sendAll = async (): Promise<Sent[]> => [];
  process.on("message", async (message: { prepareMs: number } | "send") => {
    if (message === "send") return process.send?.(await sendAll());
    sendAll = sendSteadily({ port, payer, rate, forMs: message.prepareMs });
    process.send?.("ready");
  });
  process.on("disconnect", () => process.exit(0));
  process.send?.("ready");
}
