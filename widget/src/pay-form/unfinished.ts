import type { Invoice, Payment, PaymentRequest, Session } from "@clarity/bff/contract";
import { stopwatch } from "./clock.ts";

/** After so long nobody presses “Pay” any more by putting an element back: the payment is only looked for. */
const freshMs = 5 * 60_000;

/**
 * What a customer has under way: the id outlives a reload of this tab, the request itself only an element that was
 * taken out of the page or made anew. Best effort: an embedded page may have no storage, and then reading throws too.
 */
export interface Unfinished {
  /** Of the payment last begun; null: none that is not settled. */
  readonly id: string | null;
  /** Sent a moment ago, and not answered for good: to be sent again as it is, never anew. */
  readonly request: PaymentRequest | null;
  /** Remembers a request, or only the id of a payment that the server knows. */
  begin(payment: PaymentRequest | string): void;
  /** Forgets it, unless another was begun since. */
  settle(id: string | null): void;
}

/** In this page, over all elements. */
const underWay = new Map<
  string,
  { id: string; request: PaymentRequest | null; age: ReturnType<typeof stopwatch> }
>();

/** Each customer has their own: what another began here is not theirs to see, finish or forget. */
export function unfinishedOf(edge: string, customerId: string): Unfinished {
  const key = `pay:unfinished ${edge} ${customerId}`;
  return {
    get id() {
      return underWay.get(key)?.id ?? attempt(() => sessionStorage.getItem(key)) ?? null;
    },
    get request() {
      const last = underWay.get(key);
      return last && last.age().atLeastMs < freshMs ? last.request : null;
    },
    begin(payment) {
      const request = typeof payment === "string" ? null : payment;
      const id = request?.id ?? String(payment);
      underWay.set(key, { id, request, age: stopwatch() });
      attempt(() => sessionStorage.setItem(key, id));
    },
    settle(id) {
      if (id !== this.id) return;
      underWay.delete(key);
      attempt(() => sessionStorage.removeItem(key));
    },
  };
}

/** What a session tells of payments under way that were not begun here: their bank's page and receipt are another's. */
export function begunElsewhere(session: Session, { id }: Unfinished): Payment[] {
  const { unfinishedPayment: newest, unfinishedPayments = newest ? [newest] : [] } = session;
  return unfinishedPayments.filter((payment) => payment.id !== id);
}

/** Of those, the ones that a newer list still knows: a payment that is over holds none of its invoices any more. */
export function stillUnderWay(
  payments: readonly Payment[],
  invoices: readonly Invoice[],
): readonly Payment[] {
  const held = new Set(invoices.flatMap((each) => (each.payableMinor === each.openMinor ? [] : [each.id])));
  return payments.filter(({ lines }) => lines.some(({ invoiceId }) => held.has(invoiceId)));
}

function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    // Memory holds it until the page goes.
    return undefined;
  }
}
