import { isIPv4, isIPv6, SocketAddress } from "node:net";

/**
 * An address as sockets and proxies write it, as one spelling: IPv4 that IPv6 maps is IPv4; a port, brackets and a zone
 * are dropped. null: no address.
 */
export function readAddress(written: string): string | null {
  if (isIPv4(written)) return written;
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? /^([\d.]+):\d+$/.exec(written)?.[1] ?? written;
  const address = bare.replace(/%.*$/, "");
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return null;
  const plain = new SocketAddress({ family: "ipv6", address }).address;
  return /^::ffff:([\d.]+)$/.exec(plain)?.[1] ?? plain;
}

/**
 * Whom an address stands for when it is counted: IPv4 itself, IPv6 its first 64 bits, as many addresses as a customer of
 * a network gets to itself (RFC 6177). What is no address stands for itself.
 */
export function networkOf(written: string): string {
  const address = readAddress(written);
  if (address === null) return written;
  return isIPv4(address) ? address : prefixOf(address, 4);
}

/** For logs, and never more: 24 bits of IPv4, 48 of IPv6. `unknown`: no address. */
export function truncatedAddress(written: string): string {
  const address = readAddress(written);
  if (address === null) return "unknown";
  return isIPv4(address) ? address.replace(/\d+$/, "0/24") : prefixOf(address, 3);
}

/** The first groups of 16 bits. @param address IPv6 as the system prints it */
function prefixOf(address: string, groups: number): string {
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  const first = [...head, ...zeros, ...tail].slice(0, groups);
  return `${first.join(":")}::/${groups * 16}`;
}
