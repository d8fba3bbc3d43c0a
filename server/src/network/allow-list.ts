import { BlockList, isIP } from "node:net";

/** What an operator lets tenants reach beside the public internet: on-premise ERPs, a mail relay, the demo. */
export interface AllowList {
  /** A name as it is written in a setting. Its addresses are not looked at then: the operator vouches for the name. */
  allowsName(host: string, port: number): boolean;
  allowsAddress(address: string, port: number): boolean;
}

export class AllowListInvalid extends Error {
  override readonly name = "AllowListInvalid";
}

interface Entry {
  port: number | null;
  matches(host: string): boolean;
}

/**
 * Reads an operator's list: names, addresses and networks, each with or without a port, by comma or white space.
 * `erp.internal:8443, 10.20.0.0/16, [fd00:1::/64]:443, 127.0.0.0/8`
 *
 * @throws AllowListInvalid naming the entry; a wildcard is none, and `0.0.0.0/0` is refused: it would be no guard
 */
export function parseAllowList(text: string): AllowList {
  const entries = text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseEntry);
  const allows = (host: string, port: number) =>
    entries.some((entry) => (entry.port === null || entry.port === port) && entry.matches(host));
  return {
    allowsName: (host, port) => isIP(host) === 0 && allows(host.toLowerCase(), port),
    allowsAddress: (address, port) => isIP(address) !== 0 && allows(address, port),
  };
}

export function isAllowList(text: string): boolean {
  try {
    parseAllowList(text);
    return true;
  } catch (error) {
    if (error instanceof AllowListInvalid) return false;
    throw error;
  }
}

function parseEntry(entry: string): Entry {
  const invalid = (why: string) => new AllowListInvalid(`${entry}: ${why}`);
  // IPv6 stands in brackets when a port follows.
  const parts =
    /^\[(?<v6>[^\]]+)\](?::(?<v6port>\d+))?$|^(?<host>[^:]+)(?::(?<port>\d+))?$|^(?<bare>.+)$/.exec(entry);
  const { v6, v6port, host, port, bare } = parts?.groups ?? {};
  const what = (v6 ?? host ?? bare ?? "").toLowerCase();
  const portText = v6port ?? port;
  if (portText !== undefined && !(Number(portText) >= 1 && Number(portText) <= 65_535)) {
    throw invalid("is not a port from 1 to 65535");
  }
  const common = { port: portText === undefined ? null : Number(portText) };

  const [address = "", prefixText] = what.split("/", 2);
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) !== 0) {
    const most = family === "ipv6" ? 128 : 32;
    const prefix = prefixText === undefined ? most : Number(prefixText);
    if (!/^\d+$/.test(prefixText ?? "0") || prefix > most) throw invalid("is not a network");
    if (prefix < 8) throw invalid("is too large to be an exception; name the networks you mean");
    const network = new BlockList();
    network.addSubnet(address, prefix, family);
    return {
      ...common,
      matches: (host) => isIP(host) !== 0 && network.check(host, isIP(host) === 6 ? "ipv6" : "ipv4"),
    };
  }
  if (!/^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9-]{0,61}[a-z0-9])?\.?)+$/.test(what)) {
    throw invalid("is neither a name, an address nor a network");
  }
  return { ...common, matches: (host) => host === what };
}
