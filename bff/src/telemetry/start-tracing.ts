import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { traceWith } from "./tracing.ts";

/**
 * Sends traces to the OTLP/HTTP collector that OTEL_EXPORTER_OTLP_ENDPOINT or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT names, as the OpenTelemetry specification says. Spans wait in a bounded queue
 * and leave in the background: a collector that is down costs its spans and nothing else.
 *
 * The server has the same lines: neither may import the other's code, and there is no workspace below both to hold them.
 *
 * @param env OTEL_TRACES_SAMPLER_ARG: the part of traces that is kept, 0 to 1, default 1
 * @returns sends what is left and ends
 */
export function startTracing(env: {
  OTEL_SERVICE_NAME: string;
  OTEL_TRACES_SAMPLER_ARG?: number;
}): () => Promise<void> {
  const ratio = env.OTEL_TRACES_SAMPLER_ARG ?? 1;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": env.OTEL_SERVICE_NAME }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  });
  traceWith({ tracer: provider.getTracer("edge"), propagator: new W3CTraceContextPropagator() });
  return async () => {
    traceWith(null);
    await provider.shutdown().catch(() => {});
  };
}
