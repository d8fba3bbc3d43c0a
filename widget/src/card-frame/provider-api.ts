/** The provider's own API, on the frame's own origin: the only place the digits ever go. */
export interface CardDetails {
  number: string;
  expiryMonth: number;
  expiryYear: number;
  cvc: string;
}

export interface Tokenized {
  token: string;
  brand: string;
  funding: string;
  last4: string;
}

export interface ProviderApi {
  bin: (first8: string, signal: AbortSignal) => Promise<{ funding: string }>;
  /** @throws Error `invalid` (422) or `unreachable` */
  tokenize: (card: CardDetails) => Promise<Tokenized>;
}

/** @throws Error when `base` is not on this page's origin */
export function providerApi(base: string, key: string): ProviderApi {
  const root = new URL(base, location.href);
  if (root.origin !== location.origin) throw new Error("foreign card API");
  const call = async (path: string, init: RequestInit) => {
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const response = await fetch(root.href.replace(/\/$/, "") + path, {
      ...init,
      headers,
      cache: "no-store",
    });
    if (!response.ok) throw new Error(response.status === 422 ? "invalid" : "unreachable");
    return response.json();
  };
  return {
    bin: (first8, signal) => call(`/bins/${first8}`, { signal }),
    tokenize: (card) =>
      call("/tokens", { method: "POST", body: JSON.stringify(card), signal: AbortSignal.timeout(25_000) }),
  };
}
