import { ApiError, fetchToken, type TokenSource } from "./api.ts";
import { asToken } from "./tokens.ts";

/** The page's own function has this long to give one. */
const sourceWaitMs = 45_000;

/** Where an element's embed tokens come from: the page's function, else its address, else the one it wrote down. */
export class TokenDesk {
  source: TokenSource | null = null;
  readonly #element: Element;

  constructor(element: Element) {
    this.#element = element;
  }

  get isOpen(): boolean {
    return this.source !== null || this.#written !== undefined || Boolean(this.#url);
  }

  /** Its token is the one that is written in the page: as long as that stands there, it is the same customer's. */
  get isFixed(): boolean {
    return this.source === null && !this.#url;
  }

  /** @throws ApiError */
  async next(signal: AbortSignal): Promise<string> {
    if (this.source) return withinTime(this.source());
    if (this.#url) return fetchToken(this.#url, signal);
    if (this.#written) return this.#written;
    throw new ApiError("no_token");
  }

  get #url(): string | null {
    return this.#element.getAttribute("token-url");
  }

  get #written(): string | undefined {
    return asToken(this.#element.getAttribute("token"));
  }
}

/** A page that forgets to answer is a page without a token. */
function withinTime(token: Promise<string>): Promise<string> {
  const { promise, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new ApiError("no_token")), sourceWaitMs);
  return Promise.race([token, promise]).finally(() => clearTimeout(timer));
}
