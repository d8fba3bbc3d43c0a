import { once } from "node:events";
import { createServer } from "node:net";

/** A port of 127.0.0.1 nobody listens on just now, for a program that must be told one. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("unreachable: it listens on TCP");
  return address.port;
}
