/** All a program needs to operate the platform. Holds passwords: keep it in a file of mode 0600. */
export interface PlatformAddress {
  /** A role that may create databases and roles; PostgreSQL ≥ 15. */
  readonly adminUrl: string;
  readonly registryUrl: string;
  /** The file provider's key; the key that signs certificates of deletion lies beside it. */
  readonly masterKeyFile: string;
  /** `aws-kms:<key>` when a key service wraps instead; default: the file. */
  readonly masterKey?: string | undefined;
  /** What tenants may name beside public addresses, as `parseAllowList` reads it. Default: nothing. */
  readonly allowedNetworks?: string | undefined;
  /** Sends for tenants that have no mail server: `neutralSender`. Default: nothing is sent for them. */
  readonly mail?: { readonly url: string; readonly from: string } | undefined;
  /** Begins every name on the server. */
  readonly namespace: string;
  /** Where browsers reach the edge, such as `http://127.0.0.1:4000/`: tenants' names stand in place of its host. Default: by https at each tenant's own host. */
  readonly edgeUrl?: string | undefined;
  /** What `npm start` runs beside the platform. */
  readonly sandbox?: SandboxPlace | undefined;
}

/** The sandbox provider and the mailbox, for tenants that try themselves out. */
export interface SandboxPlace {
  /** Its API. */
  readonly url: string;
  /** Its card page, as browsers reach it. */
  readonly frameUrl: string;
  readonly adminKey: string;
  /** The mailbox's, on 127.0.0.1. */
  readonly smtpPort: number;
  /** Where its mails are read. */
  readonly mailbox: string;
}

/**
 * The registry's database where servers find it, as the administrator, and the role that servers have there. In such a
 * session nothing may be called that servers could have made, the job queue's schema included: it would run with the
 * administrator's rights.
 */
export function registryAsAdministrator({
  adminUrl,
  registryUrl,
}: Pick<PlatformAddress, "adminUrl" | "registryUrl">): { url: string; role: string } {
  const { username, password } = new URL(adminUrl);
  const url = new URL(registryUrl);
  const role = decodeURIComponent(url.username);
  return { url: Object.assign(url, { username, password }).href, role };
}
