import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Connector, ErpError, type ErpPayment, type PostResult } from "../../connectors/connector.ts";
import { createFakeErp } from "../../connectors/fake.ts";
import type { Context } from "../../context/context.ts";
import { start } from "../../payments/testing/start.ts";
import type { TestTenant } from "../../payments/testing/world.ts";

/** A tenant of the payments' test world with the fake ERP behind it. */
export function withErp(tenant: TestTenant) {
  const erp = createFakeErp();
  const invoices: NonNullable<ReturnType<typeof erp.customers.get>>["invoices"] = [];
  erp.customers.set(tenant.customer, { name: "Northgate", email: "ap@northgate.test", invoices });
  const ctx: Context = { ...tenant.ctx, actor: { kind: "worker" }, connector: async () => erp.connector };
  return {
    ...{ erp, ctx, tenant },
    /** A captured payment of new invoices; its outbox row and those invoices. */
    async captured(...amounts: bigint[]) {
      const lines: [string, bigint][] = [];
      for (const amountMinor of amounts) {
        const id = await tenant.invoice(amountMinor);
        lines.push([id, amountMinor]);
        const dates = { issuedOn: "2026-01-01", dueOn: "2026-02-01" };
        invoices.push({
          ...{ id, number: `N-${id}`, currency: "USD" },
          ...{ totalMinor: amountMinor, openMinor: amountMinor, ...dates },
        });
      }
      const started = await start(ctx, { lines });
      if (started.kind !== "payment" || started.payment.state !== "captured") throw new Error("not captured");
      const { id } = started.payment;
      const row = (await tenant.outbox()).find((r) => r.payment_id === id && r.kind === "erp_post");
      return { paymentId: id, outboxId: row?.id as string, invoices: lines.map(([invoice]) => invoice) };
    },
    async row(outboxId: string) {
      const row = (await tenant.outbox()).find(({ id }) => id === outboxId);
      if (!row) throw new Error("no such row");
      return row;
    },
    /** As if leases and pauses of the outbox had run out. */
    async makeDue() {
      await tenant.sql`
        update pay.outbox set due_at = now(), leased_until = '-infinity' where tenant_id = ${tenant.id}`;
    },
  };
}

/** The ERP behind HTTP, so that it outlives the worker that talks to it. `onPost` may never answer. */
export async function serveErp(connector: Connector, onPosted: (payment: ErpPayment) => Promise<void>) {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const payment = JSON.parse(Buffer.concat(chunks).toString(), (key, value) =>
      key.endsWith("Minor") ? BigInt(value) : value,
    );
    const result = await connector.postPayment({ payment, signal: new AbortController().signal });
    await onPosted(payment);
    response.end(JSON.stringify(result));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => server.close().closeAllConnections(),
  };
}

/** The other end of `serveErp`. */
export function remoteErp(url: string): Connector {
  return {
    id: "remote",
    openInvoices: () => Promise.reject(new ErpError("unreachable", "not offered")),
    probe: async () => [],
    async postPayment({ payment, signal }) {
      const body = JSON.stringify(payment, (_, value) => (typeof value === "bigint" ? `${value}` : value));
      const response = await fetch(url, { method: "POST", body, signal });
      return (await response.json()) as PostResult;
    },
  };
}
