/** Segments of a ledger dimension are joined by hyphens, so F&O escapes those inside one: `US\-001`. */
export const displayValue = (account: string): string => account.replaceAll("-", "\\-");
