import { randomUUID } from "node:crypto";
import type { Operator } from "@clarity/server/operate";
import { customerId, payingTenant, stageOf } from "./fleet/paying-tenant.ts";
import { enter } from "./fleet/start-layers.ts";
import { type LoadRequest, type LoadResult, load, median, quantile } from "./load.ts";
import { embedToken, Payer } from "./payer.ts";
import { type Figure, figure } from "./report.ts";
import { startServer } from "./start-server.ts";

const connections = 16;

/**
 * What a payer waits for, edge and server together, beside a bare server that does the same work without layers.
 *
 * @param assetsDir the widget's build
 */
export async function paths(input: {
  operator: Operator;
  assetsDir: string;
  rounds: number;
}): Promise<Figure[]> {
  const { operator, assetsDir } = input;
  const tenant = await payingTenant({ ctx: operator, slug: "bench" });
  const { embedKey: key } = tenant;
  const stage = stageOf({ operator, assetsDir, tenant });
  const full = await startServer("serve-layers.ts", stage, { args: ["on"] });
  const bare = await startServer("serve-bare.ts", stage);
  const host = `bench.localhost:${full.port}`;
  const bareHeaders = { authorization: `Bearer ${bare.token}` };
  const many = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

  const payer = await enter(full.port, tenant);
  const reads = await sideBySide(
    input.rounds,
    { port: full.port, requests: () => many(4000, () => payer.request("GET", "/v1/invoices")) },
    {
      port: bare.port,
      requests: () =>
        many(4000, () => ({ method: "GET" as const, path: "/v1/invoices", headers: bareHeaders })),
    },
  );
  let invoice = 0;
  const payment = () => ({
    id: randomUUID(),
    currency: "USD",
    lines: [{ invoiceId: `inv-${1 + (invoice++ % 20)}`, amountMinor: "100" }],
    method: { type: "card", token: "tok_success" },
    shown: { surchargeMinor: "0", totalMinor: "100" },
  });
  const payments = await sideBySide(
    input.rounds,
    { port: full.port, requests: () => many(1500, () => payer.request("POST", "/v1/payments", payment())) },
    {
      port: bare.port,
      requests: () =>
        many(1500, () => ({
          method: "POST" as const,
          path: "/v1/payments",
          headers: { ...bareHeaders, "content-type": "application/json" },
          body: JSON.stringify(payment()),
        })),
    },
  );
  const exchanges = good(
    await load(
      full.port,
      many(1000, () =>
        new Payer(host).request("POST", "/v1/session", {
          token: embedToken(key, customerId),
          locales: ["en"],
        }),
      ),
      4,
    ),
  );
  full.stop();
  bare.stop();
  return [
    figure("read path, GET /v1/invoices", reads.full, "req/s", reads.bare),
    figure("payment path, POST /v1/payments", payments.full, "req/s", payments.bare),
    figure("session exchange p50, 4 at a time", quantile(exchanges.latenciesMs, 0.5), "ms"),
    figure("session exchange p99, 4 at a time", quantile(exchanges.latenciesMs, 0.99), "ms"),
  ];
}

interface Side {
  port: number;
  /** Made just before each round: proofs are good for a minute. */
  requests: () => LoadRequest[];
}

/** The two in turn, A B A B …, after one warm-up each; medians of the rounds. */
async function sideBySide(rounds: number, full: Side, bare: Side): Promise<{ full: number; bare: number }> {
  const once = async ({ port, requests }: Side) => good(await load(port, requests(), connections)).perSecond;
  await once(full);
  await once(bare);
  const results = { full: [] as number[], bare: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    results.full.push(await once(full));
    results.bare.push(await once(bare));
  }
  return { full: median(results.full), bare: median(results.bare) };
}

function good(result: LoadResult): LoadResult {
  if (result.failures > 0) throw new Error(`${result.failures} of ${result.requests} requests failed`);
  return result;
}
