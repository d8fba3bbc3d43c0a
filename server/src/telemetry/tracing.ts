import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from "@opentelemetry/api";

interface Tracing {
  tracer: Tracer;
  /** Reads the caller's trace from the request. */
  propagator: TextMapPropagator<Headers>;
}

/** null: off. Then nothing is made for a span, not even an empty one. */
let tracing: Tracing | null = null;

export function traceWith(next: Tracing | null): void {
  tracing = next;
}

/** Whether it is worth working out what a span would say. */
export const isTracing = (): boolean => tracing !== null;

/**
 * Attributes hold what an operator may read about any tenant: slugs, routes, kinds, codes. Never a customer's id,
 * an amount, a token, a value of a statement, or an error's message, which may quote one.
 */
interface SpanInput {
  name: string;
  /** `client`: another machine is asked. Default `internal`. */
  kind?: "internal" | "client";
  attributes?: Attributes;
}

/** Runs `work` as a span of the trace under way. Without one, as in a sweep, it is the call alone. */
export function inSpan<T>(input: SpanInput, work: (span: Span | null) => Promise<T>): Promise<T> {
  if (!tracing || !trace.getActiveSpan()) return work(null);
  return start(tracing, input, work);
}

/** Runs `work` as a trace of its own, such as a job's. Off, it is the call alone. */
export function inRootSpan<T>(input: SpanInput, work: (span: Span | null) => Promise<T>): Promise<T> {
  return tracing ? start(tracing, input, work) : work(null);
}

function start<T>({ tracer }: Tracing, input: SpanInput, work: (span: Span) => Promise<T>): Promise<T> {
  const { name, kind, attributes = {} } = input;
  const options = { kind: kind === "client" ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes };
  return tracer.startActiveSpan(name, options, (span) => ended(span, work));
}

const headersOf = {
  get: (headers: Headers, name: string) => headers.get(name) ?? undefined,
  keys: (headers: Headers) => [...headers.keys()],
};

/**
 * As `inSpan`, for a request: continues the caller's trace, and so its decision whether it is kept. The callers
 * are edges, which start their own traces and pass nobody else's on.
 */
export function inRequestSpan<T>(request: Request, work: (span: Span | null) => Promise<T>): Promise<T> {
  if (!tracing) return work(null);
  const caller = tracing.propagator.extract(context.active(), request.headers, headersOf);
  const options = { kind: SpanKind.SERVER, attributes: { "http.request.method": request.method } };
  return tracing.tracer.startActiveSpan(request.method, options, caller, (span) => ended(span, work));
}

async function ended<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await work(span);
  } catch (error) {
    span.setAttribute("error.type", error instanceof Error ? error.name : "thrown");
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** For log lines; nothing when nothing is traced. */
export function traceFields(): { trace_id?: string } {
  const spanContext = tracing ? trace.getActiveSpan()?.spanContext() : undefined;
  return spanContext ? { trace_id: spanContext.traceId } : {};
}
