import type { Operator } from "@clarity/server/operate";
import postgres from "postgres";
import { payingTenant, stageOf } from "./fleet/paying-tenant.ts";
import { load, median } from "./load.ts";
import { embedToken, Payer } from "./payer.ts";
import { type Figure, figure } from "./report.ts";
import { startServer } from "./start-server.ts";

/** How long the ERP takes for one reading, seconds. The first is what the others are held against. */
const erpSeconds = [0, 3, 6];
const warmUps = 10;
const rounds = 40;

/**
 * What a payer waits for their first list when the ERP is slow: the exchange that brings it. Each of them comes back
 * after an hour; servers that differ in their ERP alone, in turn.
 *
 * @param assetsDir the widget's build
 */
export async function slowErp(input: { operator: Operator; assetsDir: string }): Promise<Figure[]> {
  const tenant = await payingTenant({ ctx: input.operator, slug: "slow-erp" });
  await tenant.open.settings.set("connector", {
    ...({ id: "netsuite", baseUrl: "http://127.0.0.1:9", algorithm: "ES256", concurrency: 3 } as const),
    ...{ clientId: "c", certificateId: "c", depositAccountId: "1" },
  });
  await tenant.open.settings.set("connector.secret", "not of use");
  await addCustomers(tenant.adminUrl, erpSeconds.length * (warmUps + rounds));
  const stage = stageOf({ ...input, tenant });
  const servers = [];
  for (const seconds of erpSeconds) {
    servers.push(await startServer("serve-layers.ts", stage, { args: ["on", String(seconds * 1_000)] }));
  }
  const took = servers.map(() => [] as number[]);
  let customer = 0;
  for (let round = 0; round < warmUps + rounds; round++) {
    for (const [place, { port }] of servers.entries()) {
      const payer = new Payer(`slow-erp.localhost:${port}`);
      const token = embedToken(tenant.embedKey, `back-${customer++}`);
      const result = await load(port, [payer.request("POST", "/v1/session", { token, locales: ["en"] })], 1);
      if (result.failures > 0) throw new Error("no session");
      if (round >= warmUps) took[place]?.push(...result.latenciesMs);
    }
  }
  for (const server of servers) server.stop();
  const medians = took.map(median);
  return erpSeconds.map((seconds, place) =>
    figure(
      `first list, the ERP takes ${seconds} s`,
      medians[place] ?? 0,
      "ms",
      place === 0 ? null : (medians[0] ?? null),
    ),
  );
}

/** Payers whose list was read an hour ago: 20 invoices each. */
async function addCustomers(adminUrl: string, count: number): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await sql`
    insert into pay.customers (tenant_id, id, name, synced_at)
    select tenant_id, 'back-' || n, 'Payer ' || n, now() - interval '1 hour'
    from (select tenant_id from pay.customers limit 1) t, generate_series(0, ${count - 1}) n`;
  await sql`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    select c.tenant_id, c.id || '-' || n, c.id, 'INV-' || n, 'USD', 10000, 10000, current_date - 30, current_date + n,
      c.synced_at
    from pay.customers c, generate_series(1, 20) n where c.id like 'back-%'`;
  await sql.end();
}
