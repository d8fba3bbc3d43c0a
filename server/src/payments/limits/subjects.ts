import { hash } from "node:crypto";
import { isIPv6 } from "node:net";

/** Whose declines are counted. */
export const scopes = ["session", "customer", "address", "card"] as const;
export type Scope = (typeof scopes)[number];

/** Who tries to pay, as far as it is known. */
export type Payer = Readonly<Record<Scope, string | null>>;

/**
 * One `<scope>:<digest>` for each that is known, in order. SHA-256 over tenant, scope and value, cut to 128 bits: what is
 * stored tells subjects apart, and of a tenant's two copies of a database not whose they are.
 */
export function subjectsOf(tenantId: string, payer: Payer): string[] {
  return scopes.flatMap((scope) => {
    const value = scope === "address" ? networkOf(payer.address) : payer[scope];
    if (!value) return [];
    return [`${scope}:${hash("sha256", JSON.stringify([tenantId, scope, value]), "hex").slice(0, 32)}`];
  });
}

/** IPv4, as IPv6 maps it too: the address. IPv6: its first 64 bits, as many addresses as one customer has (RFC 6177). */
function networkOf(address: string | null): string | null {
  const bare = address?.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "") ?? null;
  if (bare === null || !isIPv6(bare)) return bare;
  const [head = [], tail = []] = bare.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
