import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";

export interface ServeOptions {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the bindings and routes of the app do not matter here.
  app: Hono<any, any, any>;
  /** Default `127.0.0.1`. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** Closes what the process holds beside the socket. */
  stop?: () => Promise<void>;
}

/**
 * Listens, says `<name> ready <url>` and ends within 2 s of SIGTERM or SIGINT: requests under way
 * get 1 s to finish.
 * @returns the base URL and a way to stop without a signal.
 */
export async function serve(options: ServeOptions): Promise<{ url: string; close(): Promise<void> }> {
  const server = createAdaptorServer({ fetch: options.app.fetch, hostname: options.host }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  const url = `http://${options.host}:${port}`;

  const close = async () => {
    const drained = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cut = setTimeout(() => server.closeAllConnections(), 1000);
    await drained;
    clearTimeout(cut);
    await options.stop?.();
  };
  console.log(`${options.name} ready ${url}`);
  return { url, close };
}

/** Ends the process on SIGTERM and SIGINT; the same signal twice changes nothing. */
export function stopOnSignal(close: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      close().then(
        () => process.exit(0),
        (error) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}
