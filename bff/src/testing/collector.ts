import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** Empty: a root. */
  parentId: string;
  name: string;
  service: string;
  attributes: Record<string, string | number>;
}

export interface Collector {
  url: string;
  spans: CollectedSpan[];
  close(): void;
}

/** Stands in for an OpenTelemetry collector: OTLP/HTTP with protobuf bodies. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.url !== "/v1/traces") return void response.writeHead(404).end();
    spans.push(...readRequest(body));
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    close: () => void server.close().closeAllConnections(),
  };
}

/** Field numbers are those of opentelemetry/proto/trace/v1/trace.proto. */
function readRequest(body: Buffer): CollectedSpan[] {
  return all(body, 1).flatMap((resourceSpans) => {
    const service = String(readAttributes(all(first(resourceSpans, 1), 1))["service.name"]);
    return all(resourceSpans, 2)
      .flatMap((scopeSpans) => all(scopeSpans, 2))
      .map((span) => ({
        service,
        traceId: first(span, 1).toString("hex"),
        spanId: first(span, 2).toString("hex"),
        parentId: first(span, 4).toString("hex"),
        name: first(span, 5).toString(),
        attributes: readAttributes(all(span, 9)),
      }));
  });
}

function readAttributes(pairs: Buffer[]): CollectedSpan["attributes"] {
  return Object.fromEntries(
    pairs.map((pair) => {
      const value = [...fields(first(pair, 2))][0];
      const plain = value && (typeof value.value === "number" ? value.value : value.value.toString());
      return [first(pair, 1).toString(), plain ?? ""];
    }),
  );
}

const all = (message: Buffer, number: number): Buffer[] =>
  [...fields(message)].flatMap((field) =>
    field.number === number && typeof field.value !== "number" ? [field.value] : [],
  );
const first = (message: Buffer, number: number): Buffer => all(message, number)[0] ?? Buffer.alloc(0);

/** https://protobuf.dev/programming-guides/encoding */
function* fields(message: Buffer): Generator<{ number: number; value: number | Buffer }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const kind = key % 8;
    if (kind === 0) yield { number, value: varint() };
    else {
      const length = kind === 2 ? varint() : kind === 1 ? 8 : 4;
      yield { number, value: message.subarray(at, at + length) };
      at += length;
    }
  }
}
