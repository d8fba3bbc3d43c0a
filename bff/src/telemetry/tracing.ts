import { context, type Span, SpanKind, type TextMapPropagator, type Tracer, trace } from "@opentelemetry/api";

/** A trace of each request, from the edge on. */
export interface Tracing {
  tracer: Tracer;
  propagator: TextMapPropagator<Record<string, string>>;
}

/** null: off. Then nothing is made for a span, not even an empty one. */
let tracing: Tracing | null = null;

export function traceWith(next: Tracing | null): void {
  tracing = next;
}

/**
 * A request as the root of a trace. What a browser says of a trace of its own (`traceparent`) is not looked at: it
 * could choose what is kept, and tie its requests to other people's.
 */
export function inRequestSpan<T>(method: string, work: (span: Span | null) => Promise<T>): Promise<T> {
  if (!tracing) return work(null);
  const options = { kind: SpanKind.SERVER, root: true, attributes: { "http.request.method": method } };
  return tracing.tracer.startActiveSpan(method, options, async (span) => {
    try {
      return await work(span);
    } finally {
      span.end();
    }
  });
}

/** One request to a server, as a child; `work` is given the headers that let the server go on with the trace. */
export function inForwardSpan<T>(
  method: string,
  work: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (!tracing || !trace.getActiveSpan()) return work({});
  const { tracer, propagator } = tracing;
  const options = { kind: SpanKind.CLIENT, attributes: { "http.request.method": method } };
  return tracer.startActiveSpan(`${method} upstream`, options, async (span) => {
    const headers: Record<string, string> = {};
    propagator.inject(context.active(), headers, {
      set: (carrier, name, value) => {
        carrier[name] = value;
      },
    });
    try {
      return await work(headers);
    } finally {
      span.end();
    }
  });
}

/** For log lines; nothing when nothing is traced. */
export function traceFields(): { trace_id?: string } {
  const spanContext = tracing ? trace.getActiveSpan()?.spanContext() : undefined;
  return spanContext ? { trace_id: spanContext.traceId } : {};
}
