import { isIPv6 } from "node:net";

/** Whom a request is for, or what is wrong with how it says so: public words. */
export type Authority = { host: string; path: string } | { fault: string };

/** In what a browser sends as `host:port` there is nothing else; anything else is a name that somebody could read otherwise. */
const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::([1-9]\d{0,4}))?$/;
const longestName = 253;
const absolute = /^(https?):\/\/([^/?#]*)(.*)$/i;
const usualPorts: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

/**
 * One host, said once (RFC 9112 §3.2): a single Host header of a name or an address, maybe with a port, and a target that
 * is a path, or a whole address of that same host (§3.2.2). Whatever two readers could understand in two ways is refused.
 *
 * @param target as in the request line
 * @param hosts the values of all Host headers
 * @returns the host in lower case with the port as it was written, and the target as a path
 */
export function readAuthority(target: string, hosts: readonly string[]): Authority {
  if (hosts.length !== 1) return { fault: hosts.length === 0 ? "no Host header" : "several Host headers" };
  const host = (hosts[0] ?? "").toLowerCase();
  if (!isHost(host)) return { fault: "the Host header is no host name with a port" };
  const [, scheme = "http", named, rest] = absolute.exec(target) ?? [];
  if (named !== undefined) {
    const same = withoutUsualPort(named.toLowerCase(), scheme) === withoutUsualPort(host, scheme);
    if (!same) return { fault: "the request target is of another host than the Host header" };
  }
  const path = named === undefined ? target : rest?.startsWith("/") ? rest : `/${rest ?? ""}`;
  if (!path.startsWith("/")) return { fault: "the request target is no path" };
  // Some readers take it for a slash.
  if (/^[^?]*\\/.test(path)) return { fault: "a backslash in the path" };
  return { host, path };
}

function isHost(host: string): boolean {
  const [, name = "", port = "1"] = hostAndPort.exec(host) ?? [];
  if (name === "" || name.length > longestName || Number(port) > 65_535) return false;
  if (name.startsWith("[")) return isIPv6(name.slice(1, -1));
  // Names that a URL has other spellings of: 0x7f.1 and 2130706433 are 127.0.0.1.
  return URL.parse(`http://${name}`)?.hostname === name;
}

/** `example:80` and `example` are one host over http. @param scheme `http` or `https` */
export function withoutUsualPort(host: string, scheme: string): string {
  const usual = usualPorts[scheme.toLowerCase()] ?? "";
  return host.endsWith(usual) ? host.slice(0, host.length - usual.length) : host;
}
