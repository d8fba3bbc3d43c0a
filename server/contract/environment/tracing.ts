import * as kinds from "./kinds.ts";
import { defineVariables } from "./variable.ts";

/**
 * What edge and server read to send traces. Of the OpenTelemetry specification's others the exporter reads
 * `OTEL_EXPORTER_OTLP_…` by itself.
 *
 * @param serviceName what traces call the process
 */
export const tracingVariables = <const Name extends string>(serviceName: Name) =>
  defineVariables({
    OTEL_EXPORTER_OTLP_ENDPOINT: {
      kind: kinds.httpUrl,
      help: "a collector of traces, OTLP/HTTP",
      otherwise: "no traces",
    },
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
      kind: kinds.httpUrl,
      help: "the same, with the whole path",
      otherwise: "OTEL_EXPORTER_OTLP_ENDPOINT and /v1/traces",
    },
    OTEL_EXPORTER_OTLP_HEADERS: {
      kind: kinds.text,
      help: "sent to the collector, name=value,name=value",
      secret: true,
    },
    OTEL_SERVICE_NAME: { kind: kinds.text, help: "what traces call this process", default: serviceName },
    OTEL_TRACES_SAMPLER_ARG: { kind: kinds.share, help: "the part of traces that is kept", default: "1" },
  });
