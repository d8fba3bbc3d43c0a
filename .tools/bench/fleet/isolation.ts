/** What the isolation layers and the audit chain cost: the same requests with each on and off, in turn. */
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import type { Operator } from "@clarity/server/operate";
import postgres from "postgres";
import { type LoadRequest, load, median } from "../load.ts";
import type { Payer } from "../payer.ts";
import type { Figure } from "../report.ts";
import { type PayingTenant, payingTenant } from "./paying-tenant.ts";
import { enter, startLayers } from "./start-layers.ts";

const connections = 16;
/**
 * Both sides are started anew for each: two processes of one program differ for as long as they live, by as much
 * as the five percent that are looked for. One round's ratio has a standard deviation of 0.04, so twelve of them.
 */
const rounds = 12;
/**
 * A sixth of a second each: what else the machine does then weighs on both sides alike. With turns of a second it
 * did not.
 */
const turns = 14;
/** Until its hot code is compiled. */
const warmUps = 10;
const [readsInTurn, paymentsInTurn] = [240, 48];

interface Side {
  port: number;
  payer: Payer;
  agent: Agent;
  stop(): void;
}

type Start = () => Promise<Side>;

interface Comparison {
  name: string;
  requests: (side: Side) => LoadRequest[];
  with: Start;
  without: Start;
}

/** @param assetsDir the widget's build */
export async function isolation(input: { operator: Operator; assetsDir: string }): Promise<Figure[]> {
  const { operator } = input;
  const chained = await payingTenant({ ctx: operator, slug: "layers" });
  const unchained = await payingTenant({ ctx: operator, slug: "unchained" });
  await unchain(unchained.adminUrl);
  const on = () => startSide(input, chained, "on");
  const off = () => startSide(input, chained, "off");
  const withoutChain = () => startSide(input, unchained, "on");
  const comparisons: Comparison[] = [
    { name: "read path, isolation layers on", requests: reads, with: on, without: off },
    { name: "payment path, isolation layers on", requests: payments, with: on, without: off },
    {
      name: "payment path of one tenant, audit chain on",
      requests: payments,
      with: on,
      without: withoutChain,
    },
  ];
  const figures: Figure[] = [];
  for (const comparison of comparisons) {
    const rates: Rates[] = [];
    for (let round = 0; round < rounds; round++) rates.push(...(await compare(comparison)));
    figures.push(figureOf(comparison.name, rates));
  }
  return figures;
}

const reads = ({ payer }: Side): LoadRequest[] =>
  Array.from({ length: readsInTurn }, () => payer.request("GET", "/v1/invoices"));

const payments = ({ payer }: Side): LoadRequest[] =>
  Array.from({ length: paymentsInTurn }, (_, index) =>
    payer.request("POST", "/v1/payments", {
      id: randomUUID(),
      currency: "USD",
      lines: [{ invoiceId: `inv-${1 + (index % 20)}`, amountMinor: "100" }],
      method: { type: "card", token: "tok_success" },
      shown: { surchargeMinor: "0", totalMinor: "100" },
    }),
  );

/** Requests a second of a turn at each side. */
interface Rates {
  readonly on: number;
  readonly off: number;
}

/** Both sides in turn, the first alternating, after warm-ups of each. */
async function compare(comparison: Comparison): Promise<Rates[]> {
  const [on, off] = [await comparison.with(), await comparison.without()];
  const measure = async (side: Side) => {
    const result = await load(side.port, comparison.requests(side), connections, side.agent);
    if (result.failures > 0) throw new Error(`${result.failures} of ${result.requests} requests failed`);
    return result.perSecond;
  };
  try {
    const rates: Rates[] = [];
    for (let turn = 0; turn < warmUps + turns; turn++) {
      const first = await measure(turn % 2 === 0 ? on : off);
      const second = await measure(turn % 2 === 0 ? off : on);
      rates.push(turn % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
    }
    return rates.slice(warmUps);
  } finally {
    on.stop();
    off.stop();
  }
}

/** The ratio is the median of the pairs' ratios. */
function figureOf(name: string, rates: readonly Rates[]): Figure {
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    name,
    unit: "req/s",
    value: round(median(rates.map(({ on }) => on))),
    baseline: round(median(rates.map(({ off }) => off))),
    ratio: round(median(rates.map(({ on, off }) => on / off))),
  };
}

async function startSide(
  input: { operator: Operator; assetsDir: string },
  tenant: PayingTenant,
  layers: "on" | "off",
): Promise<Side> {
  const { port, stop } = await startLayers({ ...input, tenant, layers });
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    port,
    payer: await enter(port, tenant),
    agent,
    stop() {
      agent.destroy();
      stop();
    },
  };
}

/** The audit log as it would be without a chain: numbers of a sequence, no lock, no hash. */
async function unchain(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await sql.unsafe(`
    drop trigger chain on pay.audit_log;
    alter table pay.audit_log alter prev_hash drop not null, alter hash drop not null,
      alter at set default clock_timestamp(), alter id add generated always as identity (start 1000)`);
  await sql.end();
}
