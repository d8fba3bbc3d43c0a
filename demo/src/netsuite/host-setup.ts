/** What the host's pages need to know of the world around them. */
export interface HostPages {
  /** Where the tenant's form is served, such as `http://acme.localhost:4000`. */
  edgeOrigin: string;
  /** Origin of the card frame. */
  providerOrigin: string;
  tourUrl: string;
  /** Pinned: the path names the version, the hash holds the content. */
  snippet: { path: string; integrity: string };
  embedKey: { id: string; secret: string };
}
