import { userInfo } from "node:os";
import { defineVariables, kinds } from "../../contract/environment/index.ts";

export const operatorVariable = defineVariables({
  CLARITY_OPERATOR: {
    kind: kinds.textLike("1 to 80 letters, digits, . _ @ + and -", /^[\w.@+-]{1,80}$/),
    help: "who runs the command, for the audit logs",
    otherwise: "the login name, or uid-<number> where there is none",
  },
});

/** Who stands in the audit logs. @param given CLARITY_OPERATOR's value */
export function operatorName(given: string | undefined): string {
  if (given) return given;
  try {
    return userInfo().username;
  } catch {
    // A container's uid need not be anybody's.
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
