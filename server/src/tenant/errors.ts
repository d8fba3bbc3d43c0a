import { TenancyError } from "../registry/errors.ts";

export { RegistryUnavailable, TenancyError } from "../registry/errors.ts";

/** No such tenant, or not ready yet: existence does not leak. */
export class TenantUnknown extends TenancyError {
  override readonly name = "TenantUnknown";
  readonly code = "tenant_unknown";
}

export class TenantSuspended extends TenancyError {
  override readonly name = "TenantSuspended";
  readonly code = "tenant_suspended";
}

/** The tenant is on its way out; for a while an operator can bring it back. */
export class TenantDeleting extends TenancyError {
  override readonly name = "TenantDeleting";
  readonly code = "tenant_deleting";
}

/** The tenant's database is being moved. Nothing of this request was done: the same again in a moment. */
export class TenantMoving extends TenancyError {
  override readonly name = "TenantMoving";
  readonly code = "tenant_moving";
}

/**
 * The tenant lives at another server; nothing was done. The edge asks the registry again and goes there (421), jobs are
 * found there: no code of it reaches a browser.
 */
export class TenantElsewhere extends Error {
  override readonly name = "TenantElsewhere";
}

/** The tenant's database is down, full or too slow. Try again later; a write may have happened. */
export class TenantUnavailable extends TenancyError {
  override readonly name = "TenantUnavailable";
  readonly code = "tenant_unavailable";
}

/** As many of the tenant's requests are under way as its tier allows. Nothing of this one was done. */
export class TenantBusy extends TenancyError {
  override readonly name = "TenantBusy";
  readonly code = "rate_limited";
}

/** The tenant's database lacks migrations this code needs: run `clarity migrate`. */
export class TenantBehind extends TenancyError {
  override readonly name = "TenantBehind";
  readonly code = "tenant_upgrading";
}

/** The tenant's database has migrations this code cannot live with: it is a newer instance's. */
export class TenantAhead extends TenancyError {
  override readonly name = "TenantAhead";
  readonly code = "tenant_upgrading";
}

/** Rows of another tenant, or of nobody, came back. The answer is stopped, counted and audited. */
export class IsolationBreach extends TenancyError {
  override readonly name = "IsolationBreach";
  readonly code = "internal";
}

/** A value that does not fit; the message holds nothing of it. */
export class SettingInvalid extends Error {
  override readonly name = "SettingInvalid";
}

/** A setting without default has no value. */
export class SettingMissing extends Error {
  override readonly name = "SettingMissing";
  readonly key: string;
  constructor(key: string) {
    super(`setting ${key} is not set`);
    this.key = key;
  }
}
