/** Why no tenant's rows could be had. The message is internal; `code` is the public error code. */
export abstract class TenancyError extends Error {
  abstract readonly code:
    | "tenant_unknown"
    | "tenant_suspended"
    | "tenant_deleting"
    | "tenant_moving"
    | "tenant_upgrading"
    | "tenant_unavailable"
    | "rate_limited"
    | "internal";
}

/** The registry is down and this tenant is not among those remembered. */
export class RegistryUnavailable extends TenancyError {
  override readonly name = "RegistryUnavailable";
  readonly code = "tenant_unavailable";
}
