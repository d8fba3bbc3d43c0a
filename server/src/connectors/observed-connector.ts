import { erpCalls, erpDurations, tenantLabel } from "../telemetry/metrics.ts";
import { inSpan } from "../telemetry/tracing.ts";
import { type Connector, ErpError } from "./connector.ts";

/** The same connector, whose calls are counted, timed and traced. */
export function observedConnector(connector: Connector, tenant: { slug: string }): Connector {
  const observe = <T>(call: string, ask: () => Promise<T>, kindOf: (answer: T) => string): Promise<T> => {
    const attributes = { "erp.id": connector.id, "tenant.slug": tenant.slug };
    return inSpan({ name: `erp ${call}`, kind: "client", attributes }, async (span) => {
      const stop = erpDurations.startTimer({ erp: connector.id, call });
      let outcome = "threw";
      try {
        const answer = await ask();
        outcome = kindOf(answer);
        return answer;
      } catch (error) {
        if (error instanceof ErpError) outcome = error.code;
        throw error;
      } finally {
        stop();
        span?.setAttribute("erp.outcome", outcome);
        erpCalls.inc({ erp: connector.id, call, outcome, tenant: tenantLabel(tenant.slug) });
      }
    });
  };
  return {
    id: connector.id,
    openInvoices: (input) =>
      observe(
        "openInvoices",
        () => connector.openInvoices(input),
        () => "read",
      ),
    postPayment: (input) =>
      observe(
        "postPayment",
        () => connector.postPayment(input),
        ({ kind }) => kind,
      ),
    probe: (input) =>
      observe(
        "probe",
        () => connector.probe(input),
        (findings) => (findings.every(({ ok }) => ok) ? "well" : "faults"),
      ),
  };
}
