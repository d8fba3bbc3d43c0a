import { randomUUID } from "node:crypto";
import type { DeclineReason } from "../../contract/index.ts";
import type { Money } from "../money/money.ts";
import {
  type AccountResult,
  captureKeyOf,
  type InspectResult,
  type Outcome,
  type Provider,
  type RefundOutcome,
  type Unknown,
} from "./provider.ts";
import { signWebhook, verifyWebhook } from "./standard-webhooks.ts";

export type FakeOperation = "account" | "inspect" | "authorize" | "capture" | "refund" | "find";

/**
 * What goes wrong with one call. `unreached`: nothing happened there. `answer_lost`: it happened, the
 * answer did not come. `hang`: as `answer_lost`, but only the caller's time-out ends it. `throws`: an
 * adapter with a bug. `absent`: `find` does not list what is there yet. `wrong_amount`: a minor
 * unit more than asked was taken. `error_stored`: nothing happened, and the call's key answers an error of the vendor's
 * for ever; `error_after`: the same, but it happened; `error_late`: it happens at the worst moment, beside the next
 * capture, or when the provider is healed.
 */
export type FakeFault =
  | "unreached"
  | "answer_lost"
  | "hang"
  | "throws"
  | "absent"
  | "wrong_amount"
  | "error_stored"
  | "error_after"
  | "error_late";

export interface FakeCharge {
  reference: string;
  status: "authorized" | "captured" | "declined" | "requires_action";
  authorized: Money;
  captured: Money | null;
  /** How often money was taken: more than once is the bug every test looks for. */
  captures: number;
  /** Keys under which it was taken. */
  readonly capturedBy: Set<string>;
  refundedMinor: bigint;
  reason: DeclineReason | null;
  readonly asked: string;
}

type Card = Omit<Extract<InspectResult, { kind: "card" }>, "fingerprint">;
const visa: Card = { kind: "card", brand: "visa", funding: "credit", last4: "4242", country: "US" };

const cards: Record<string, { card: Card; status: FakeCharge["status"]; reason?: DeclineReason }> = {
  tok_success: { card: visa, status: "authorized" },
  tok_debit: { card: { ...visa, funding: "debit", last4: "5556" }, status: "authorized" },
  tok_declined: { card: { ...visa, last4: "0002" }, status: "declined", reason: "declined" },
  tok_insufficient: { card: { ...visa, last4: "9995" }, status: "declined", reason: "insufficient_funds" },
  tok_challenge: { card: { ...visa, last4: "3184" }, status: "requires_action" },
};

const kindOf = (token: string): string => token.split("#")[0] ?? token;

/**
 * A provider in memory that can be told to misbehave; what it holds is what happened. Tokens:
 * `tok_success`, `tok_debit`, `tok_declined`, `tok_insufficient`, `tok_challenge`; with `#` and anything after, another
 * card that behaves so.
 */
export class FakeProvider implements Provider {
  readonly id = "fake";
  captures: Provider["captures"] = "once";
  accountId = "acct_fake";
  readonly charges = new Map<string, FakeCharge>();
  readonly webhookSecret = `whsec_${Buffer.from(randomUUID()).toString("base64")}`;
  /** Where the bank wants the payer; `null`: it does not say. */
  challengeUrl: (reference: string) => string | null = (reference) => `https://bank.test/3ds/${reference}`;
  /** Runs when a call has had its effect, before its answer leaves. */
  beforeAnswer: (operation: FakeOperation, reference: string) => Promise<void> = async () => {};
  readonly #faults: { operation: FakeOperation; fault: FakeFault }[] = [];
  readonly #refunds = new Map<string, RefundOutcome>();
  /** Keys that hold an error. */
  readonly #broken = new Set<string>();
  /** What was answered with an error and happens all the same, later. */
  readonly #late: (() => unknown)[] = [];
  /** Every capture that arrived, in order. */
  readonly captureKeys: string[] = [];

  /** The next call of this kind goes wrong; several queue up. */
  failNext(operation: FakeOperation, fault: FakeFault): void {
    this.#faults.push({ operation, fault });
  }

  heal(): void {
    this.#faults.length = 0;
    for (const effect of this.#late.splice(0)) effect();
  }

  holdsError = (key: string): boolean => this.#broken.has(key);

  /** What the payer does on the bank's page. */
  completeChallenge(reference: string, success: boolean): void {
    const charge = this.charges.get(reference);
    if (charge?.status !== "requires_action") return;
    charge.status = success ? "authorized" : "declined";
    if (!success) charge.reason = "authentication_failed";
  }

  /** A webhook as this provider sends it. */
  webhook(input: { reference: string; eventId: string; at: Date; secret?: string }) {
    const body = Buffer.from(
      JSON.stringify({ type: "charge.updated", data: { reference: input.reference } }),
    );
    return { body, headers: signWebhook({ secret: this.webhookSecret, ...input, body }) };
  }

  account({ signal }: Parameters<Provider["account"]>[0]): Promise<AccountResult> {
    return this.#call("account", { reference: this.accountId, signal }, () => ({
      kind: "account",
      id: this.accountId,
    }));
  }

  inspect({ token, signal }: Parameters<Provider["inspect"]>[0]): Promise<InspectResult> {
    return this.#call("inspect", { reference: token, signal }, () => {
      const card = cards[kindOf(token)]?.card;
      return card ? { ...card, fingerprint: `fp_${token}` } : { kind: "invalid" };
    });
  }

  authorize(input: Parameters<Provider["authorize"]>[0]): Promise<Outcome> {
    const { signal, money, reference, ...rest } = input;
    const asked = JSON.stringify([`${money.amountMinor}`, money.currency, rest]);
    return this.#keyed("authorize", { key: reference, reference, signal }, () => {
      const known = this.charges.get(reference);
      if (known) return known.asked === asked ? this.#outcomeOf(known) : mismatch;
      const behaviour = cards[kindOf(input.token)];
      const status = behaviour?.status ?? "declined";
      const charge: FakeCharge = {
        reference,
        status,
        authorized: money,
        captured: null,
        captures: 0,
        capturedBy: new Set(),
        refundedMinor: 0n,
        asked,
        reason: status === "declined" ? (behaviour?.reason ?? "declined") : null,
      };
      this.charges.set(reference, charge);
      return this.#outcomeOf(charge);
    });
  }

  capture(input: Parameters<Provider["capture"]>[0]): Promise<Outcome> {
    const { reference, money, signal, key = captureKeyOf(reference) } = input;
    const wrong = this.#faults.findIndex(({ fault }) => fault === "wrong_amount");
    if (wrong >= 0) this.#faults.splice(wrong, 1);
    return this.#keyed("capture", { key, reference, signal }, () => {
      this.captureKeys.push(key);
      const charge = this.charges.get(reference);
      if (!charge) return { kind: "unknown", cause: "no such charge" };
      const again =
        this.captures === "several" && charge.status === "captured" && !charge.capturedBy.has(key);
      if (charge.status === "authorized" || again) {
        if (
          money.currency !== charge.authorized.currency ||
          money.amountMinor > charge.authorized.amountMinor
        ) {
          return { kind: "unknown", cause: "more than was authorised" };
        }
        charge.status = "captured";
        charge.captures += 1;
        charge.capturedBy.add(key);
        const before = charge.captured?.amountMinor ?? 0n;
        charge.captured = { ...money, amountMinor: before + money.amountMinor + (wrong >= 0 ? 1n : 0n) };
      }
      return this.#outcomeOf(charge);
    });
  }

  refund(input: Parameters<Provider["refund"]>[0]): Promise<RefundOutcome> {
    return this.#keyed("refund", { ...input, key: input.refundReference }, () => {
      const known = this.#refunds.get(input.refundReference);
      if (known) return known;
      const charge = this.charges.get(input.reference);
      const rest = (charge?.captured?.amountMinor ?? 0n) - (charge?.refundedMinor ?? 0n);
      if (!charge || input.money.amountMinor > rest) return { kind: "refused", cause: "more than is left" };
      charge.refundedMinor += input.money.amountMinor;
      const refunded: RefundOutcome = {
        kind: "refunded",
        providerRef: `re_${input.refundReference}`,
        money: input.money,
      };
      this.#refunds.set(input.refundReference, refunded);
      return refunded;
    });
  }

  find(input: Parameters<Provider["find"]>[0]): Promise<Outcome | { kind: "absent" }> {
    const { reference, providerRef, signal } = input;
    return this.#call("find", { reference, signal }, (fault) => {
      const charge = this.charges.get(providerRef?.replace(/^fake_/, "") ?? reference);
      return charge && fault !== "absent" ? this.#outcomeOf(charge) : { kind: "absent" };
    });
  }

  async readWebhook({ body, headers, now }: Parameters<Provider["readWebhook"]>[0]) {
    const eventId = verifyWebhook({ secret: this.webhookSecret, body, headers, now });
    if (eventId === null) return null;
    return { eventId, reference: JSON.parse(Buffer.from(body).toString()).data.reference };
  }

  /** A call under an idempotency key, which may hold an error. */
  #keyed<T>(
    operation: FakeOperation,
    { key, ...call }: { key: string; reference: string; signal: AbortSignal },
    effect: () => T,
  ): Promise<T | Unknown> {
    return this.#call<T | Unknown>(operation, call, (fault) => {
      if (this.#broken.has(key)) return storedError;
      if (fault !== "error_stored" && fault !== "error_after" && fault !== "error_late") {
        const answer = effect();
        if (operation === "capture") for (const late of this.#late.splice(0)) late();
        return answer;
      }
      this.#broken.add(key);
      if (fault === "error_after") effect();
      if (fault === "error_late") this.#late.push(effect);
      return storedError;
    });
  }

  #outcomeOf(charge: FakeCharge): Outcome {
    const providerRef = `fake_${charge.reference}`;
    switch (charge.status) {
      case "authorized":
        return { kind: "authorized", providerRef, money: charge.authorized };
      case "captured": {
        const taken = charge.captured ?? charge.authorized;
        const money = { ...taken, amountMinor: taken.amountMinor - charge.refundedMinor };
        return { kind: "captured", providerRef, money, capturedAt: new Date() };
      }
      case "requires_action":
        return { kind: "requires_action", providerRef, url: this.challengeUrl(charge.reference) };
      case "declined":
        return { kind: "declined", providerRef, reason: charge.reason ?? "declined" };
    }
  }

  async #call<T>(
    operation: FakeOperation,
    { reference, signal }: { reference: string; signal: AbortSignal },
    effect: (fault: FakeFault | null) => T,
  ): Promise<T | Unknown> {
    const index = this.#faults.findIndex((planned) => planned.operation === operation);
    const fault = index < 0 ? null : (this.#faults.splice(index, 1)[0]?.fault ?? null);
    if (signal.aborted || fault === "unreached")
      return { kind: "unknown", cause: "never reached the provider" };
    const answer = effect(fault);
    await this.beforeAnswer(operation, reference);
    if (fault === "throws") throw new Error("a bug in the adapter");
    if (fault === "answer_lost") return { kind: "unknown", cause: "the answer was lost" };
    if (fault === "hang") {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { kind: "unknown", cause: "timed out" };
    }
    return answer;
  }
}

const storedError: Unknown = { kind: "unknown", cause: "answered 500", vendorError: true };
const mismatch: Outcome = { kind: "unknown", cause: "the key was used with another request" };
