import type { Ports } from "./ports.ts";

/** How processes reach each other (127.0.0.1) and how a browser does (origins of their own). */
export interface Addresses {
  /** Bare edge: the start page. */
  edge: string;
  acme: string;
  globex: string;
  netsuite: string;
  d365: string;
  /** The seller's own, served by the NetSuite stand-in's process. */
  website: string;
  /** Origin of the card frame. */
  provider: string;
  mailbox: string;
  internal: { server: string; provider: string; netsuite: string; d365: string; mailbox: string };
}

export function addressesOf(ports: Ports): Addresses {
  const local = (port: number) => `http://127.0.0.1:${port}`;
  const named = (name: string, port: number) => `http://${name}.localhost:${port}`;
  return {
    edge: local(ports.edge),
    acme: named("acme", ports.edge),
    globex: named("globex", ports.edge),
    netsuite: named("netsuite", ports.netsuite),
    d365: named("d365", ports.d365),
    website: named("website", ports.netsuite),
    provider: named("sandbox", ports.provider),
    mailbox: local(ports.mailbox),
    internal: {
      server: local(ports.server),
      provider: local(ports.provider),
      netsuite: local(ports.netsuite),
      d365: local(ports.d365),
      mailbox: local(ports.mailbox),
    },
  };
}
