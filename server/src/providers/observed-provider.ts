import { providerCalls, providerDurations, tenantLabel } from "../telemetry/metrics.ts";
import { inSpan } from "../telemetry/tracing.ts";
import type { Provider } from "./provider.ts";

/** The same provider, whose calls over the network are counted, timed and traced. */
export function observedProvider(provider: Provider, tenant: { slug: string }): Provider {
  const observe = <T extends { kind: string }>(call: string, ask: () => Promise<T>): Promise<T> => {
    const attributes = { "provider.id": provider.id, "tenant.slug": tenant.slug };
    return inSpan({ name: `provider ${call}`, kind: "client", attributes }, async (span) => {
      const stop = providerDurations.startTimer({ provider: provider.id, call });
      let outcome = "threw";
      try {
        const answer = await ask();
        outcome = answer.kind;
        return answer;
      } finally {
        stop();
        span?.setAttribute("provider.outcome", outcome);
        providerCalls.inc({ provider: provider.id, call, outcome, tenant: tenantLabel(tenant.slug) });
      }
    });
  };
  const { allowOrigins } = provider;
  return {
    id: provider.id,
    captures: provider.captures,
    ...(allowOrigins && { allowOrigins: (input) => observe("allowOrigins", () => allowOrigins(input)) }),
    inspect: (input) => observe("inspect", () => provider.inspect(input)),
    authorize: (input) => observe("authorize", () => provider.authorize(input)),
    capture: (input) => observe("capture", () => provider.capture(input)),
    refund: (input) => observe("refund", () => provider.refund(input)),
    find: (input) => observe("find", () => provider.find(input)),
    // Remembered: nearly always nobody is asked.
    account: (input) => provider.account(input),
    // Verifies bytes; nobody is asked.
    readWebhook: (input) => provider.readWebhook(input),
  };
}
