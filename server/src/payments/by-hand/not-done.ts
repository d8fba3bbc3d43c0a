/** Why a person's verb did nothing. */
export type NotDoneBecause =
  | "reason_missing"
  /** Where the ERP has it must be said. */
  | "reference_missing"
  | "not_found"
  /** The payment's state, or an earlier decision, rules it out. */
  | "does_not_apply"
  /** Another works on it: the same again in half a minute. */
  | "busy"
  /** The provider, or the ERP, cannot be asked: the same again when it can. */
  | "cannot_ask"
  /** The books would not balance: something must be put right first. */
  | "not_covered";

/** `words` are for the person, and say what to do instead. */
export interface NotDone {
  kind: "not_done";
  because: NotDoneBecause;
  words: string;
}

export const notDone = (because: NotDoneBecause, words: string): NotDone => ({
  kind: "not_done",
  because,
  words,
});

/** The longest reason that is kept, characters. */
const longestReason = 500;

/** What a person gives as the reason, for the audit log. */
export const reasonIn = (text: string): string | NotDone =>
  text.trim().slice(0, longestReason) || notDone("reason_missing", "say why: it stands in the audit log");
