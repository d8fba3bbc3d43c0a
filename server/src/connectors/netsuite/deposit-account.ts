import type { NetsuiteConfig } from "./config.ts";

type DepositSettings = Pick<NetsuiteConfig, "depositAccountId" | "depositAccounts" | "depositTo">;

/** What a payment is booked in; a subsidiary of null: the account has none. */
export interface BookedIn {
  subsidiaryId: string | null;
  currency: string;
}

/**
 * The account that takes a payment: of the entries that fit, one that names the subsidiary before one that does not,
 * and then one that names the currency. Without any it is `depositAccountId`.
 */
export function depositAccount(
  { depositAccountId, depositAccounts = [] }: DepositSettings,
  { subsidiaryId, currency }: BookedIn,
): string {
  const fitting = depositAccounts.filter(
    (entry) =>
      (entry.subsidiaryId === undefined || entry.subsidiaryId === subsidiaryId) &&
      (entry.currency === undefined || entry.currency === currency),
  );
  const closeness = (entry: (typeof fitting)[number]) =>
    (entry.subsidiaryId === undefined ? 0 : 2) + (entry.currency === undefined ? 0 : 1);
  const [best] = fitting.toSorted((a, b) => closeness(b) - closeness(a));
  return best?.accountId ?? depositAccountId;
}

/**
 * Where the money goes, said outright: unless `undepFunds` is `F` NetSuite puts it into Undeposited Funds, whatever
 * account is named beside it.
 */
export function depositFields(config: DepositSettings, bookedIn: BookedIn): Record<string, unknown> {
  if (config.depositTo === "undeposited_funds") return { undepFunds: { id: "T" } };
  return { undepFunds: { id: "F" }, account: { id: depositAccount(config, bookedIn) } };
}
