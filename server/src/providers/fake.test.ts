import { describeProvider } from "./conformance.ts";
import { FakeProvider } from "./fake.ts";

describeProvider("fake", async () => {
  const provider = new FakeProvider();
  const stranger = new FakeProvider();
  stranger.accountId = "acct_stranger";
  const tokens = { insufficient_funds: "tok_insufficient" } as Record<string, string>;
  return {
    provider,
    stranger,
    token: async (card) => tokens[card] ?? `tok_${card}`,
    completeChallenge: async (reference, _, success) => provider.completeChallenge(reference, success),
    loseNextAnswer: async () => provider.failNext("authorize", "answer_lost"),
    storeNextError: async (operation, done) =>
      provider.failNext(operation, done ? "error_after" : "error_stored"),
    async books(reference) {
      const charge = provider.charges.get(reference);
      return {
        capturedMinor: charge?.captured?.amountMinor ?? 0n,
        refundedMinor: charge?.refundedMinor ?? 0n,
      };
    },
    webhook: (input) => provider.webhook(input),
    close: async () => {},
  };
});
