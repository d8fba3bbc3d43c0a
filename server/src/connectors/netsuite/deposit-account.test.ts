import { expect, test } from "vitest";
import { depositAccount, depositFields } from "./deposit-account.ts";

const accounts = {
  depositAccountId: "9",
  depositAccounts: [
    { accountId: "1", currency: "USD" },
    { accountId: "2", currency: "EUR" },
    { accountId: "5", subsidiaryId: "2", currency: "EUR" },
    { accountId: "6", subsidiaryId: "2" },
  ],
};

test.each([
  ["1", "USD", "1"],
  ["1", "EUR", "2"],
  ["2", "EUR", "5"],
  // The subsidiary's own before another one's of that currency.
  ["2", "USD", "6"],
  [null, "USD", "1"],
  ["1", "JPY", "9"],
  [null, "JPY", "9"],
])("subsidiary %s, %s: account %s", (subsidiaryId, currency, accountId) => {
  expect(depositAccount(accounts, { subsidiaryId, currency })).toBe(accountId);
});

test("where the money goes is always said: to the account, or to Undeposited Funds and to no account", () => {
  const bookedIn = { subsidiaryId: "2", currency: "EUR" };
  expect(depositFields(accounts, bookedIn)).toEqual({ undepFunds: { id: "F" }, account: { id: "5" } });
  expect(depositFields({ ...accounts, depositTo: "account" }, bookedIn)).toEqual({
    undepFunds: { id: "F" },
    account: { id: "5" },
  });
  expect(depositFields({ ...accounts, depositTo: "undeposited_funds" }, bookedIn)).toEqual({
    undepFunds: { id: "T" },
  });
});
