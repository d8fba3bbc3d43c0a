/** There is no way to the wanted instant; the message says why and what is possible. */
export class InstantUnreachable extends Error {
  override readonly name = "InstantUnreachable";
}

/** Another recovery of the tenant has to be ended first, or the tenant is not in a state for one. */
export class RestoreRefused extends Error {
  override readonly name = "RestoreRefused";
}

/** What was written into the new database is not what was read; nothing was switched. */
export class RestoredDiffers extends Error {
  override readonly name = "RestoredDiffers";
}
