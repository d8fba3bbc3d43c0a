import type {
  Freshness,
  Invoice,
  InvoiceList,
  Payment,
  PaymentRequest,
  Session,
} from "@clarity/bff/contract";
import type { Code } from "../../locales/en.ts";
import { ApiError } from "../api.ts";
import { Flow } from "../flow.ts";
import type { World } from "../world.ts";

export const invoice = (id: string, more: Partial<Invoice> = {}): Invoice => ({
  id,
  number: `INV-${id}`,
  currency: "USD",
  totalMinor: "10000",
  openMinor: "10000",
  payableMinor: "10000",
  issuedOn: "2026-10-01",
  dueOn: "2026-11-01",
  overdueDays: 0,
  ...more,
});

export const refusal = (code: Code, status: number, more = {}) =>
  new ApiError(code, { code, status, requestId: "r1", ...more } as never);
export const lost = () => new ApiError("network");

export function payment(request: Pick<PaymentRequest, "id" | "shown">, more: Partial<Payment> = {}): Payment {
  return {
    id: request.id,
    state: "captured",
    currency: "USD",
    amountMinor: "10000",
    surchargeMinor: request.shown.surchargeMinor,
    totalMinor: request.shown.totalMinor,
    lines: [],
    createdAt: "2026-11-23T00:00:00Z",
    action: null,
    reason: null,
    receipt: null,
    ...more,
  };
}
export const known = { id: "p-known", shown: { surchargeMinor: "0", totalMinor: "10000" } };

export interface Script {
  invoices?: Invoice[];
  unfinished?: Payment | null;
  /** All of them; default: an older server, which tells one. */
  allUnfinished?: Payment[];
  stored?: PaymentRequest | string;
  surcharge?: Session["surcharge"];
  tokenize?: World["tokenize"];
  /** Answers of `POST /v1/payments`, in order; an Error is thrown. */
  pay?: (((request: PaymentRequest) => Payment) | Error)[];
  /** Answers of `GET /v1/payments/{id}`; the last repeats. */
  look?: (Payment | Error)[];
  /** The same by id, and before those. */
  known?: Record<string, Payment | Error>;
  resume?: (Payment | Error)[];
  open?: Error[];
  /** How well the session's list is known. Default: a server that does not say. */
  freshness?: Freshness;
  /** Answers of `GET /v1/invoices`, in order, the last repeats; default: the session's, known. */
  lists?: (InvoiceList | Error)[];
  /** What each of these answers waits for, in order. */
  answer?: Promise<void>[];
  flags?: Session["flags"];
  minimumMinor?: Session["minimumMinor"];
  sleep?: World["sleep"];
  seen?: World["seen"];
  /** Languages in turn, each time the session is read. */
  locales?: string[];
}

/** A flow in a world that answers as scripted, where no time passes but what `sleep` is asked for. */
export function stage(script: Script = {}) {
  const seen = {
    requests: [] as PaymentRequest[],
    looks: 0,
    /** Ids of payments that were asked for. */
    looked: [] as string[],
    settled: [] as string[],
    failed: [] as string[],
    waits: [] as number[],
    phases: [] as string[],
    /** Times at which the list was asked for, ms. */
    asks: [] as number[],
  };
  const clock = { nowMs: 0 };
  let stored: PaymentRequest | string | null = script.stored ?? null;
  let ids = 0;
  const invoices = script.invoices ?? [invoice("a"), invoice("b"), invoice("e", { currency: "EUR" })];
  const session = {
    locale: "en",
    seller: { name: "Acme", supportEmail: null, timeZone: "UTC" },
    customer: { id: "C-1", name: "Customer" },
    ...(script.minimumMinor && { minimumMinor: script.minimumMinor }),
    currencies: { USD: 2, EUR: 2 },
    invoices: [...invoices],
    flags: script.flags ?? {},
    ...(script.freshness && { invoicesFreshness: script.freshness }),
    surcharge: script.surcharge ?? [],
    unfinishedPayment: script.unfinished ?? script.allUnfinished?.[0] ?? null,
    ...(script.allUnfinished && { unfinishedPayments: script.allUnfinished }),
  } as unknown as Session;
  const next = <T>(list: (T | Error)[] | undefined, keepLast = false): T => {
    const answer = keepLast && list?.length === 1 ? list[0] : list?.shift();
    if (answer === undefined) throw lost();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const flow = new Flow({
    api: {
      open: async () => {
        if (script.open?.length) throw script.open.shift();
        return session;
      },
      invoices: async () => {
        seen.asks.push(clock.nowMs);
        const list = script.lists ? next(script.lists, true) : { invoices: [...invoices], asOf: "" };
        await script.answer?.shift();
        return list;
      },
      pay: async (request) => {
        seen.requests.push(request);
        return next(script.pay)(request);
      },
      payment: async (id) => {
        seen.looks++;
        seen.looked.push(id);
        const known = script.known?.[id];
        if (known instanceof Error) throw known;
        if (known) return known;
        return next(script.look, true);
      },
      resume: async () => next(script.resume),
    },
    tokenize:
      script.tokenize ?? (async () => ({ token: "tok", brand: "visa", funding: "credit", last4: "4242" })),
    unfinished: (customerId) => {
      if (customerId !== "C-1") throw new Error("another customer's");
      return {
        id: typeof stored === "object" ? (stored?.id ?? null) : stored,
        request: typeof stored === "object" ? stored : null,
        begin: (payment) => {
          stored = payment;
        },
        settle: () => {
          stored = null;
        },
      };
    },
    mayShow: (url) => url.startsWith("https:"),
    sleep:
      script.sleep ??
      (async (ms) => {
        seen.waits.push(ms);
        clock.nowMs += ms;
      }),
    seen: script.seen ?? (async () => {}),
    now: () => clock.nowMs,
    random: () => 0,
    newId: () => `p${++ids}`,
    localeFor: () => script.locales?.shift() ?? "en",
    changed: () => {
      const { name } = flow.state.phase;
      if (seen.phases.at(-1) !== name) seen.phases.push(name);
    },
    settled: ({ state }) => seen.settled.push(state),
    failed: ({ code }) => seen.failed.push(code),
  });
  const choose = async (...ids: string[]) => {
    await flow.start();
    for (const each of invoices.filter(({ id }) => ids.includes(id))) flow.toggle(each);
    flow.cardChanged({ status: "ready", complete: true, brand: "visa", funding: "credit" });
  };
  return {
    flow,
    seen,
    clock,
    choose,
    invoices,
    session,
    stored: () => (typeof stored === "object" ? (stored?.id ?? null) : stored),
  };
}
