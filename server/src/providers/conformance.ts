import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Money } from "../money/money.ts";
import { captureKeyOf, type Provider } from "./provider.ts";

export type TestCard = "success" | "debit" | "declined" | "insufficient_funds" | "challenge";

/** An implementation with its vendor's test side: what a merchant cannot do, tests can. */
export interface ProviderUnderTest {
  provider: Provider;
  /** The same vendor, with the key of another account. */
  stranger: Provider;
  /** A fresh token of a card that behaves so. */
  token(card: TestCard): Promise<string>;
  /** What the payer decides on the challenge page. */
  completeChallenge(reference: string, url: string, success: boolean): Promise<void>;
  /** The vendor's next authorisation is done, its answer lost. */
  loseNextAnswer(): Promise<void>;
  /** The vendor's next such call ends in an error of its own that stays under the key; `done`: it had its effect. */
  storeNextError(operation: "authorize" | "capture" | "refund", done: boolean): Promise<void>;
  /** The vendor's own books: minor units taken and given back under a reference. */
  books(reference: string): Promise<{ capturedMinor: bigint; refundedMinor: bigint }>;
  /** A webhook signed as the vendor signs it, with the account's secret unless told otherwise. */
  webhook(input: { reference: string; eventId: string; at: Date; secret?: string }): {
    body: Uint8Array;
    headers: Headers;
  };
  close(): Promise<void>;
}

const usd = (amountMinor: bigint): Money => ({ amountMinor, currency: "USD" });
const inTime = () => AbortSignal.timeout(5_000);

/** What every implementation of `Provider` promises. */
export function describeProvider(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`provider ${name}`, () => {
    let vendor: ProviderUnderTest;
    beforeAll(async () => {
      vendor = await open();
    });
    afterAll(() => vendor.close());

    const find = (reference: string) => vendor.provider.find({ reference, signal: inTime() });
    const capture = (reference: string, money: Money, number = 1) =>
      vendor.provider.capture({ reference, money, key: captureKeyOf(reference, number), signal: inTime() });
    const authorizeWith = (token: string, reference: string, money: Money) =>
      vendor.provider.authorize({
        reference,
        token,
        money,
        statement: "INVOICE PAYMENT",
        returnOrigin: "https://shop.example",
        signal: inTime(),
      });
    const authorize = async (card: TestCard, { reference = randomUUID(), money = usd(12_345n) } = {}) => {
      const token = await vendor.token(card);
      return { reference, token, money, outcome: await authorizeWith(token, reference, money) };
    };

    test("says whose books it keeps, and another account's books have another name and not our charges", async () => {
      const account = (provider: Provider) => provider.account({ signal: inTime() });
      const ours = await account(vendor.provider);
      expect(ours).toEqual({ kind: "account", id: expect.stringMatching(/./) });
      expect(await account(vendor.provider)).toEqual(ours);
      expect(await account(vendor.stranger)).toEqual({ kind: "account", id: expect.stringMatching(/./) });
      expect(await account(vendor.stranger)).not.toEqual(ours);
      const { reference } = await authorize("success");
      expect(await vendor.stranger.find({ reference, signal: inTime() })).toEqual({ kind: "absent" });
    });

    test("inspects a token: brand, funding and last four digits", async () => {
      const inspect = async (card: TestCard) =>
        vendor.provider.inspect({ token: await vendor.token(card), signal: inTime() });
      expect(await inspect("success")).toMatchObject({
        kind: "card",
        brand: "visa",
        funding: "credit",
        last4: "4242",
      });
      expect(await inspect("debit")).toMatchObject({ kind: "card", brand: "visa", funding: "debit" });
    });

    test("where it gives cards a fingerprint: one card has one under every token, another card another, no digits in it", async () => {
      const look = async (card: TestCard) => {
        const inspected = await vendor.provider.inspect({
          token: await vendor.token(card),
          signal: inTime(),
        });
        if (inspected.kind !== "card") throw new Error(inspected.kind);
        return inspected;
      };
      const [first, again, other] = [await look("success"), await look("success"), await look("declined")];
      expect(again.fingerprint).toBe(first.fingerprint);
      if (first.fingerprint === null) return;
      expect(first.fingerprint).not.toBe(other.fingerprint);
      expect(first.fingerprint).not.toContain("424242");
    });

    test("a token it never gave out is invalid", async () => {
      const token = `tok_${randomUUID()}`;
      expect(await vendor.provider.inspect({ token, signal: inTime() })).toEqual({ kind: "invalid" });
    });

    test("authorising reserves and takes nothing", async () => {
      const { reference, money, outcome } = await authorize("success");
      expect(outcome).toMatchObject({ kind: "authorized", money });
      expect(await find(reference)).toEqual(outcome);
      expect(await vendor.books(reference)).toEqual({ capturedMinor: 0n, refundedMinor: 0n });
    });

    test("the same authorisation again is the same charge", async () => {
      const { reference, token, money, outcome } = await authorize("success");
      expect(await authorizeWith(token, reference, money)).toEqual(outcome);
    });

    test("the reference with another amount is unknown, never declined, and the first stands", async () => {
      const { reference, token, money } = await authorize("success");
      expect(await authorizeWith(token, reference, usd(99n))).toMatchObject({ kind: "unknown" });
      expect(await find(reference)).toMatchObject({ kind: "authorized", money });
    });

    test("the reference with another token is unknown, never declined, be it that of a bad card or none", async () => {
      const { reference, money } = await authorize("success");
      await capture(reference, money);
      for (const token of [await vendor.token("declined"), `tok_${randomUUID()}`]) {
        expect(await authorizeWith(token, reference, money)).toMatchObject({ kind: "unknown" });
      }
      expect(await find(reference)).toMatchObject({ kind: "captured", money });
    });

    test("captures once, however often and however many ask", async () => {
      const { reference, money } = await authorize("success");
      await Promise.all(Array.from({ length: 5 }, () => capture(reference, money)));
      expect(await capture(reference, money)).toMatchObject({ kind: "captured", money });
      expect(await find(reference)).toMatchObject({ kind: "captured", money, capturedAt: expect.any(Date) });
      expect(await vendor.books(reference)).toMatchObject({ capturedMinor: money.amountMinor });
    });

    test("where it captures once, no number of keys takes the money twice", async () => {
      if (vendor.provider.captures !== "once") return;
      const { reference, money } = await authorize("success");
      await Promise.all([1, 2, 3, 2, 1].map((number) => capture(reference, money, number)));
      await capture(reference, money, 4);
      expect(await vendor.books(reference)).toMatchObject({ capturedMinor: money.amountMinor });
      expect(await find(reference)).toMatchObject({ kind: "captured", money });
    });

    test("its own id of a charge names the same charge as our reference", async () => {
      const { reference, outcome } = await authorize("success");
      if (outcome.kind !== "authorized") throw new Error(outcome.kind);
      const { providerRef } = outcome;
      const byId = (provider: Provider) => provider.find({ reference, providerRef, signal: inTime() });
      expect(await byId(vendor.provider)).toEqual(outcome);
      expect(await byId(vendor.stranger)).toEqual({ kind: "absent" });
    });

    describe("an error of its own that it keeps under a key", () => {
      const stored = { kind: "unknown", vendorError: true };

      test("of an authorisation: unknown however often it is asked, never declined; done or not, says find", async () => {
        for (const done of [false, true]) {
          await vendor.storeNextError("authorize", done);
          const { reference, token, money, outcome } = await authorize("success");
          expect([outcome, await authorizeWith(token, reference, money)]).toMatchObject([stored, stored]);
          expect(await find(reference)).toMatchObject({ kind: done ? "authorized" : "absent" });
        }
      });

      test("of a capture that was not done: unknown for ever; under the next key, where it captures once, it is", async () => {
        const { reference, money } = await authorize("success");
        await vendor.storeNextError("capture", false);
        const answers = [await capture(reference, money), await capture(reference, money)];
        expect(answers).toMatchObject([stored, stored]);
        expect(await find(reference)).toMatchObject({ kind: "authorized", money });
        if (vendor.provider.captures !== "once") return;
        expect(await capture(reference, money, 2)).toMatchObject({ kind: "captured", money });
        expect(await capture(reference, money)).toMatchObject(stored);
        expect(await vendor.books(reference)).toMatchObject({ capturedMinor: money.amountMinor });
      });

      test("of a capture that was done: find shows it, and no further key takes more", async () => {
        const { reference, money } = await authorize("success");
        await vendor.storeNextError("capture", true);
        expect(await capture(reference, money)).toMatchObject(stored);
        expect(await find(reference)).toMatchObject({ kind: "captured", money });
        if (vendor.provider.captures !== "once") return;
        await capture(reference, money, 2);
        expect(await vendor.books(reference)).toMatchObject({ capturedMinor: money.amountMinor });
      });

      test("of a refund: unknown, never refused; done or not, say the books", async () => {
        for (const done of [false, true]) {
          const { reference, money } = await authorize("success", { money: usd(100n) });
          await capture(reference, money);
          await vendor.storeNextError("refund", done);
          const refundReference = randomUUID();
          const refund = { reference, refundReference, money: usd(60n) };
          for (const _ of [1, 2]) {
            expect(await vendor.provider.refund({ ...refund, signal: inTime() })).toMatchObject(stored);
          }
          expect(await vendor.books(reference)).toMatchObject({ refundedMinor: done ? 60n : 0n });
        }
      });
    });

    test("captures nothing that was not authorised, nor more than was", async () => {
      expect(await capture(randomUUID(), usd(1n))).toMatchObject({ kind: "unknown" });
      const { reference } = await authorize("success");
      expect(await capture(reference, usd(12_346n))).toMatchObject({ kind: "unknown" });
      expect(await find(reference)).toMatchObject({ kind: "authorized" });
    });

    test.each([
      { amountMinor: 1_000_000_00n, currency: "USD" },
      { amountMinor: 123_456_789n, currency: "JPY" },
      { amountMinor: 1_234_567_891n, currency: "KWD" },
    ])("takes exactly $amountMinor $currency", async (money) => {
      const { reference } = await authorize("success", { money });
      expect(await capture(reference, money)).toMatchObject({ kind: "captured", money });
      expect(await vendor.books(reference)).toMatchObject({ capturedMinor: money.amountMinor });
    });

    test.each(["declined", "insufficient_funds"] as const)("a card that is %s", async (card) => {
      const { reference, outcome } = await authorize(card);
      expect(outcome).toMatchObject({ kind: "declined", reason: card });
      expect(await find(reference)).toMatchObject({ kind: "declined", reason: card });
    });

    test("a challenge that is passed leads to an authorisation, one that is failed to a decline", async () => {
      for (const success of [true, false]) {
        const { reference, outcome } = await authorize("challenge");
        expect(await find(reference)).toEqual(outcome);
        if (outcome.kind !== "requires_action" || outcome.url === null) throw new Error(outcome.kind);
        await vendor.completeChallenge(reference, outcome.url, success);
        expect(await find(reference)).toMatchObject(
          success ? { kind: "authorized" } : { kind: "declined", reason: "authentication_failed" },
        );
      }
    });

    test("what it never saw is absent", async () => {
      expect(await find(randomUUID())).toEqual({ kind: "absent" });
    });

    test("a lost answer is unknown; asking and calling again tell the truth, and there is one charge", async () => {
      await vendor.loseNextAnswer();
      const { reference, token, money, outcome } = await authorize("success");
      expect(outcome).toMatchObject({ kind: "unknown", cause: expect.any(String) });
      expect(await find(reference)).toMatchObject({ kind: "authorized", money });
      expect(await authorizeWith(token, reference, money)).toMatchObject({ kind: "authorized", money });
    });

    test("a call that is given no time is unknown and does not throw", async () => {
      const signal = AbortSignal.abort();
      const reference = randomUUID();
      const money = usd(1n);
      const token = await vendor.token("success");
      const asked = { reference, token, money, statement: "S", returnOrigin: null, signal };
      const answers = await Promise.all([
        vendor.provider.inspect({ token, signal }),
        vendor.provider.authorize(asked),
        vendor.provider.capture({ reference, money, signal }),
        vendor.provider.refund({ reference, refundReference: randomUUID(), money, signal }),
        vendor.provider.find({ reference, signal }),
      ]);
      for (const answer of answers) expect(answer).toMatchObject({ kind: "unknown" });
    });

    test("refunds in parts, each once, never more than was taken; what is left is what is captured", async () => {
      const { reference, money } = await authorize("success", { money: usd(100n) });
      await capture(reference, money);
      const refund = (refundReference: string, amountMinor: bigint) =>
        vendor.provider.refund({ reference, refundReference, money: usd(amountMinor), signal: inTime() });
      const first = randomUUID();
      expect(await refund(first, 60n)).toMatchObject({ kind: "refunded", money: usd(60n) });
      expect(await refund(first, 60n)).toMatchObject({ kind: "refunded", money: usd(60n) });
      expect(await refund(randomUUID(), 41n)).toMatchObject({ kind: "refused" });
      expect(await find(reference)).toMatchObject({ kind: "captured", money: usd(40n) });
      expect(await refund(randomUUID(), 40n)).toMatchObject({ kind: "refunded" });
      expect(await vendor.books(reference)).toEqual({ capturedMinor: 100n, refundedMinor: 100n });
      expect(await find(reference)).toMatchObject({ kind: "captured", money: usd(0n) });
    });

    describe("webhooks", () => {
      const now = new Date("2026-03-01T12:00:00Z");
      const secondsOff = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
      const message = { reference: "ref-1", eventId: "evt-1", at: now };
      const read = (sent: { body: Uint8Array; headers: Headers }) =>
        vendor.provider.readWebhook({ ...sent, now });

      test("an authentic one names its event and reference", async () => {
        expect(await read(vendor.webhook(message))).toEqual({ eventId: "evt-1", reference: "ref-1" });
      });

      test.each([-290, 290])("%i s off is still in time", async (seconds) => {
        expect(await read(vendor.webhook({ ...message, at: secondsOff(seconds) }))).not.toBeNull();
      });

      test.each([-310, 310, 86_400 * 365])("%i s off is refused, old or future", async (seconds) => {
        expect(await read(vendor.webhook({ ...message, at: secondsOff(seconds) }))).toBeNull();
      });

      test("any flipped byte of the body is refused", async () => {
        const { body, headers } = vendor.webhook(message);
        for (let index = 0; index < body.length; index++) {
          const forged = Uint8Array.from(body);
          forged[index] = (forged[index] ?? 0) ^ 1;
          expect(await read({ body: forged, headers })).toBeNull();
        }
      });

      test.each([
        ["another secret", { secret: `whsec_${Buffer.from("guess").toString("base64")}` }, {}],
        ["another id", {}, { "webhook-id": "evt-2" }],
        ["another time", {}, { "webhook-timestamp": `${now.getTime() / 1_000 + 1}` }],
        ["no time", {}, { "webhook-timestamp": "" }],
        ["a time that is no number", {}, { "webhook-timestamp": "NaN" }],
        ["no signature", {}, { "webhook-signature": "" }],
        ["a signature of another kind", {}, { "webhook-signature": "v1a,AAAA" }],
        ["a signature cut short", {}, { "webhook-signature": "v1," }],
      ])("%s is refused", async (_, changed, headers) => {
        const sent = vendor.webhook({ ...message, ...changed });
        for (const [header, value] of Object.entries(headers)) sent.headers.set(header, value);
        expect(await read(sent)).toBeNull();
      });

      test("one right signature among several is enough: a secret is being rotated", async () => {
        const { body, headers } = vendor.webhook(message);
        const old = vendor.webhook({ ...message, secret: `whsec_${Buffer.from("old").toString("base64")}` });
        const both = `${old.headers.get("webhook-signature")} ${headers.get("webhook-signature")}`;
        headers.set("webhook-signature", both);
        expect(await read({ body, headers })).not.toBeNull();
      });
    });
  });
}
