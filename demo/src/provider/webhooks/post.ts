import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";

const timeoutMs = 10_000;

/** Posts JSON and answers the HTTP status. Redirects are not followed: 3xx is a failure, says Standard Webhooks. */
export function postJson({
  url,
  headers,
  body,
  signal,
}: {
  url: URL;
  headers: Record<string, string>;
  body: string;
  signal: AbortSignal;
}): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const transport = url.protocol === "https:" ? https : http;
  const options = {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    ...(isLocalhostName(url.hostname) && { lookup: lookUpLoopback }),
  };
  const request = transport.request(url, options, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

/** RFC 6761 6.3: names under `localhost` are the loopback; not every resolver knows. */
function isLocalhostName(hostname: string): boolean {
  return hostname.endsWith(".localhost");
}

const lookUpLoopback: LookupFunction = (_hostname, options, callback) => {
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};
