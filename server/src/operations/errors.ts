/** It cannot be moved, or not there, or not now; the message says why. Nothing was changed. */
export class MoveRefused extends Error {
  override readonly name = "MoveRefused";
}

/** What arrived is not what left. The tenant is served again where it was, and the copy is gone. */
export class CopyDiffers extends Error {
  override readonly name = "CopyDiffers";
}

/** It cannot be pinned so, or not be unpinned now; the message says why. Nothing was changed. */
export class PinRefused extends Error {
  override readonly name = "PinRefused";
}
