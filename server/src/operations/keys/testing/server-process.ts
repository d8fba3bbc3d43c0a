import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { SignJWT } from "jose";
import type { PlatformAddress } from "../../platform-address.ts";

export type ServerProcess = Awaited<ReturnType<typeof startServerProcess>>;

/**
 * The server as it is deployed, at trace level, worker included; we are its edge.
 *
 * @param folder for the edge's public key
 * @param collectorUrl takes its traces
 */
export async function startServerProcess(input: {
  address: PlatformAddress;
  folder: string;
  collectorUrl: string;
}) {
  const { address, folder, collectorUrl } = input;
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const publicKeyFile = join(folder, "edge.pub");
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      LOG_LEVEL: "trace",
      CLARITY_REGISTRY_URL: address.registryUrl,
      CLARITY_MASTER_KEY_FILE: address.masterKeyFile,
      CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
      CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
      CLARITY_PLUGINS_DIR: join(folder, "none"),
      CLARITY_METRICS_PORT: "0",
      OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
      // The mail server's certificate is its library's own.
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const ended = once(child, "exit");
  const port = await logged(child, () => output, /"port":(\d+)/);
  const metricsPort = await logged(child, () => output, /"metricsPort":(\d+)/);

  return {
    pid: child.pid ?? 0,
    output: () => output,
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    /** As the edge forwards a request of customer C-1. Status, headers and body as one text. */
    async call(input: { tenantId: string; method: string; path: string; body?: unknown }): Promise<string> {
      const { tenantId, method, path, body } = input;
      const claims = {
        ...{ tenant: tenantId, sub: "C-1", inv: null, locale: "en", origin: null, rid: randomUUID() },
        scopes: ["session:open", "pay", "webhook"],
        aud: "shared",
      };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: "EdDSA", typ: "internal+jwt" })
        .setIssuedAt()
        .setExpirationTime("30s")
        .sign(privateKey);
      const response = await fetch(`http://127.0.0.1:${port}/internal/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const headers = JSON.stringify([...response.headers]);
      return `${response.status} ${headers} ${await response.text()}`;
    },
    /** Spans and the last lines leave on the way. */
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function logged(child: ChildProcess, output: () => string, what: RegExp): Promise<string> {
  for (;;) {
    const found = what.exec(output())?.[1];
    if (found) return found;
    if (child.exitCode !== null) throw new Error(`the server did not start: ${output()}`);
    await delay(20);
  }
}
