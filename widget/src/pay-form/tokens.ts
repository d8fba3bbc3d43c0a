/** An embed token longer than this is refused by every edge. */
const mostCharacters = 8192;

/** Attributes and answers of a host page, without the blanks of its template; undefined: no token. */
export function asToken(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text && text.length <= mostCharacters ? text : undefined;
}

/**
 * Whether two embed tokens open the same customer's same invoices, by what they say of themselves: enough to tell a
 * renewal from another customer. Whose they really are is the edge's to judge. What cannot be read is another's.
 */
export function sameHolder(one: string, other: string): boolean {
  return one === other || (holderOf(one) ?? one) === (holderOf(other) ?? other);
}

/** Of the JWT's claims (RFC 7519), those that decide what a session shows. */
function holderOf(token: string): string | null {
  try {
    const [, claims = ""] = token.split(".");
    const bytes = Uint8Array.from(atob(claims.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const { sub, invoices } = JSON.parse(new TextDecoder().decode(bytes));
    return typeof sub === "string" && sub ? JSON.stringify([sub, invoices]) : null;
  } catch {
    return null;
  }
}
