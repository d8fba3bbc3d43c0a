import type { JWK } from "jose";

/** What the host's pages need to know of the world around them. */
export interface HostPages {
  /** Where the tenant's form is served, such as `http://globex.localhost:4000`. */
  edgeOrigin: string;
  tourUrl: string;
  /** Pinned: the path names the version, the hash holds the content. */
  loader: { path: string; integrity: string };
  embedKey: { id: string; privateJwk: JWK };
}
