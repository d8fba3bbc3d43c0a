import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import type { Ask } from "./look.ts";

const timeoutMs = 15_000;
/** Longer than any page or script of ours, bytes. */
const mostBytes = 4 * 1024 * 1024;

/** Names below localhost are this machine (RFC 6761 §6.3), whether or not a resolver knows it. */
const onThisMachine: LookupFunction = (_, options, done) =>
  options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);

/** Asks an edge over the network, as a browser would reach it. */
export function askAt(origin: string): Ask {
  const { protocol, hostname } = new URL(origin);
  const request = protocol === "https:" ? httpsRequest : httpRequest;
  const lookup = hostname.endsWith(".localhost") ? { lookup: onThisMachine } : {};
  return async (path) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const signal = AbortSignal.timeout(timeoutMs);
      const options = { ...lookup, headers: { "accept-encoding": "identity" }, signal };
      request(new URL(path, origin), options, resolve).on("error", reject).end();
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Error(`${path} is longer than anything of ours`);
      chunks.push(chunk);
    }
    const headers = Object.entries(answer.headersDistinct).map(([name, values = []]) => [
      name,
      values.join(", "),
    ]);
    return {
      status: answer.statusCode ?? 0,
      headers: Object.fromEntries(headers),
      body: new Uint8Array(Buffer.concat(chunks)),
    };
  };
}
