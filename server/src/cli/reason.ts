export const reasonHelp = "why, for the operators' audit log; needed with --all";

/** @throws Error when nothing is said */
export function requireReason(reason: string | undefined): string {
  if (reason?.trim()) return reason.trim();
  throw new Error("it reaches every tenant: say why with --reason");
}
