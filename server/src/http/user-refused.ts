import type { Refused } from "../../contract/index.ts";

/** Somebody is there, and may not: what the answer says of it. */
export class UserRefused extends Error {
  override readonly name = "UserRefused";
  readonly refusal: Refused;
  constructor(refusal: Refused) {
    super(refusal.code);
    this.refusal = refusal;
  }
}
