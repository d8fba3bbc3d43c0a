import { createServer } from "node:net";

/** Everything the demo listens on, from one base port. All on 127.0.0.1. */
export interface Ports {
  edge: number;
  server: number;
  provider: number;
  netsuite: number;
  d365: number;
  mailbox: number;
  smtp: number;
  postgres: number;
}

const names: (keyof Ports)[] = [
  ...(["edge", "server", "provider", "netsuite", "d365", "mailbox", "smtp", "postgres"] as const),
];

/** The last port that leaves room for the others. */
export const lastBase = 65_536 - names.length;

/** @param base 1024 to `lastBase` */
export const portsFrom = (base: number): Ports =>
  Object.fromEntries(names.map((name, index) => [name, base + index])) as unknown as Ports;

export interface TakenPort {
  port: number;
  wantedBy: keyof Ports;
}

/** The first port another program listens on; null: all are free. */
export async function firstTaken(ports: Ports, wanted: (keyof Ports)[] = names): Promise<TakenPort | null> {
  for (const name of wanted) {
    if (!(await isFree(ports[name]))) return { port: ports[name], wantedBy: name };
  }
  return null;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host: "127.0.0.1", port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** One line for a person: what is wrong, who wanted it, the way out. */
export function explainTaken({ port, wantedBy }: TakenPort, ports: Ports): string {
  const last = names.length - 1;
  const elsewhere = ports.edge + 100 > 65_535 - last ? 4000 : ports.edge + 100;
  return (
    `port ${port} on 127.0.0.1 is taken, and ${wantedBy} wants it: ` +
    `stop what listens there, or start on other ports (${elsewhere} to ${elsewhere + last}) with CLARITY_PORT=${elsewhere}`
  );
}
