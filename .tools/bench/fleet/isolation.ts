/** What the isolation layers and the audit chain cost: the same requests with each on and off, in turn. */
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import type { Operator } from "@clarity/server";
import postgres from "postgres";
import { type LoadRequest, load, median } from "../load.ts";
import type { Payer } from "../payer.ts";
import type { Figure } from "../report.ts";
import { type PayingTenant, payingTenant } from "./paying-tenant.ts";
import { enter, startLayers } from "./start-layers.ts";

const connections = 16;
/**
 * Short turns of a sixth of a second, many of them: what else the machine does then weighs on both sides alike.
 * With turns of a second two runs of one program differed by more than the five percent that are looked for.
 */
const turns = 30;
const [readsInTurn, paymentsInTurn] = [240, 48];

interface Side {
  port: number;
  payer: Payer;
  agent: Agent;
  stop(): void;
}

/**
 * @param assetsDir the widget's build
 * @param rounds of each comparison, each about 10 s
 */
export async function isolation(input: {
  operator: Operator;
  assetsDir: string;
  rounds: number;
}): Promise<Figure[]> {
  const { operator, rounds } = input;
  const chained = await payingTenant({ ctx: operator, slug: "layers" });
  const unchained = await payingTenant({ ctx: operator, slug: "unchained" });
  await unchain(unchained.adminUrl);
  const sides = {
    on: await startSide(input, chained, "on"),
    off: await startSide(input, chained, "off"),
    unchained: await startSide(input, unchained, "on"),
  };
  try {
    const { on, off } = sides;
    return [
      await compare({
        name: "read path, isolation layers on",
        unit: "req/s",
        rounds,
        requests: reads,
        on,
        off,
      }),
      await compare({
        name: "payment path, isolation layers on",
        unit: "req/s",
        rounds,
        requests: payments,
        on,
        off,
      }),
      await compare({
        name: "payment path of one tenant, audit chain on",
        unit: "req/s",
        rounds,
        requests: payments,
        on,
        off: sides.unchained,
      }),
    ];
  } finally {
    for (const side of Object.values(sides)) side.stop();
  }
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

/** Both sides in turn, the first alternating, after one warm-up each; the ratio is the median of the rounds' ratios. */
async function compare(input: {
  name: string;
  unit: string;
  rounds: number;
  requests: (side: Side) => LoadRequest[];
  on: Side;
  off: Side;
}): Promise<Figure> {
  const { name, unit, requests, on, off } = input;
  const measure = async (side: Side) => {
    const result = await load(side.port, requests(side), connections, side.agent);
    if (result.failures > 0) throw new Error(`${result.failures} of ${result.requests} requests failed`);
    return result.perSecond;
  };
  await measure(on);
  await measure(off);
  const rates = { on: [] as number[], off: [] as number[] };
  for (let round = 0; round < input.rounds * turns; round++) {
    const order = round % 2 === 0 ? (["on", "off"] as const) : (["off", "on"] as const);
    for (const side of order) rates[side].push(await measure(side === "on" ? on : off));
  }
  const ratios = rates.on.map((rate, round) => rate / (rates.off[round] ?? Number.NaN));
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    name,
    value: round(median(rates.on)),
    unit,
    baseline: round(median(rates.off)),
    ratio: round(median(ratios)),
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
