import type { DeclineReason, Payment } from "@clarity/bff/contract";
import type { Code } from "../locales/en.ts";
import type { Price } from "./pricing.ts";

const init = { bubbles: true, composed: true };

/** The form can be used. */
export class PayReadyEvent extends Event {
  readonly detail: { invoices: number };
  constructor(invoices: number) {
    super("pay-ready", init);
    this.detail = { invoices };
  }
}

/** The choice or its price changed. Amounts are minor units as digits. */
export class PayChangeEvent extends Event {
  readonly detail: {
    currency: string | null;
    invoiceIds: string[];
    amountMinor: string;
    surchargeMinor: string;
    totalMinor: string;
  };
  constructor({ currency, lines, amountMinor, surchargeMinor, totalMinor }: Price) {
    super("pay-change", init);
    this.detail = {
      currency,
      invoiceIds: lines.map(({ invoiceId }) => invoiceId),
      amountMinor: String(amountMinor),
      surchargeMinor: String(surchargeMinor),
      totalMinor: String(totalMinor),
    };
  }
}

/** Money has moved. A page must learn of it from its server, not from this event. */
export class PaySuccessEvent extends Event {
  readonly detail: { paymentId: string; receiptNumber: string; currency: string; totalMinor: string };
  constructor({ id, receipt, currency, totalMinor }: Payment) {
    super("pay-success", init);
    this.detail = { paymentId: id, receiptNumber: receipt?.number ?? "", currency, totalMinor };
  }
}

/** A refusal, a decline or a lost session. `code` is of the closed list, or the reason of a decline. */
export class PayErrorEvent extends Event {
  readonly detail: {
    code: Code | DeclineReason | "failed";
    paymentId: string | null;
    requestId: string | null;
  };
  constructor(detail: PayErrorEvent["detail"]) {
    super("pay-error", init);
    this.detail = detail;
  }
}

/** The height of the form changed, CSS px: for hosts that show it in a frame. */
export class PayResizeEvent extends Event {
  readonly detail: { height: number };
  constructor(height: number) {
    super("pay-resize", init);
    this.detail = { height };
  }
}
