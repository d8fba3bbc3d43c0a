import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
  readonly port: number;
  /** `pass` as usual; `refuse` cuts every connection and takes no new one; `swallow` takes them and says nothing. */
  set(mode: "pass" | "refuse" | "swallow"): Promise<void>;
  close(): Promise<void>;
}

/** Stands between a client and a server on 127.0.0.1, so that a test can take the server away. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  let mode: "pass" | "refuse" | "swallow" = "pass";
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (mode === "swallow") return;
    const upstream = keep(connect(targetPort, "127.0.0.1"));
    client.pipe(upstream).pipe(client);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async set(next) {
      const listening = mode !== "refuse";
      mode = next;
      cut();
      if (next === "refuse" && listening) await new Promise((resolve) => server.close(resolve));
      if (next !== "refuse" && !listening) await listen(port);
    },
    async close() {
      cut();
      if (mode !== "refuse") await new Promise((resolve) => server.close(resolve));
    },
  };
}
