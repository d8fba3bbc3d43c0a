import type { Freshness, InvoiceList, Refused } from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import { plainName } from "./erp-names.ts";
import type { Mirror } from "./invoice-list.ts";
import { readMirror } from "./read-mirror.ts";
import { isBeingRead, syncInvoices } from "./sync-invoices.ts";

/** A mirror no older than this is answered without asking the ERP, milliseconds. */
export const freshMs = 60_000;
/** So long an answer waits for the ERP that is being asked, and no longer: quick ones are heard in one go, ms. */
const graceMs = 1_000;
/** After so long a look shows more, ms. */
const lookAgainMs = { refreshing: 1_000, unreachable: 10_000 };

export type ListResult =
  | {
      kind: "invoices";
      customerName: string;
      /** null: never read. */
      ageMs: number | null;
      list: InvoiceList & { freshness: Freshness };
    }
  | Refused;

interface Input {
  customerId: string;
  /** Invoice ids the session is limited to; null: all of the customer's. */
  allowedInvoices: readonly string[] | null;
  /** Asks the ERP even when the mirror is fresh. */
  live?: boolean;
  /** How long the answer may wait for the ERP, ms; `forFirst`: only when nothing is known yet. Default 1 s. */
  waitMs?: number | "forFirst";
}

/**
 * The customer's open invoices as the mirror has them. When it is older than a minute the ERP is asked, and the answer
 * waits for it a moment at most: the list says that it is being refreshed, or, without a mirror yet, loaded.
 *
 * @returns refused `erp_unavailable` when the ERP could not be asked and the mirror is older than the setting
 * `invoices.standInMinutes`; `not_found` when the ERP knows no such customer.
 * @throws TenantUnavailable
 */
export async function listInvoices({ ctx, input }: { ctx: Context; input: Input }): Promise<ListResult> {
  const connector = await ctx.connector();
  const known = await readMirror({ ctx, input });
  // Without an ERP a customer nobody has entered yet simply owes nothing.
  if (!connector) return listOf(ctx, { mirror: known, customerId: input.customerId, state: "current" });
  const asks = input.live || !known || known.ageMs > freshMs || isBeingRead(connector, input.customerId);
  if (!asks) return listOf(ctx, { mirror: known, customerId: input.customerId, state: "current" });
  const { waitMs = graceMs } = input;
  const mostMs = waitMs !== "forFirst" ? waitMs : known ? 0 : graceMs;
  const reading = syncInvoices({ ctx, input });
  // Whoever waits for it hears of it; nobody may.
  reading.catch((error) => {
    ctx.log.warn({ err: error, requestId: ctx.requestId }, "a reading of the ERP came to nothing");
  });
  const heard = mostMs === 0 ? "still_reading" : await within(mostMs, reading);
  return afterReading(ctx, { input, known, heard });
}

async function afterReading(
  ctx: Context,
  {
    input,
    known,
    heard,
  }: {
    input: Input;
    known: Mirror | null;
    heard: Awaited<ReturnType<typeof syncInvoices>> | "still_reading";
  },
): Promise<ListResult> {
  const { customerId } = input;
  if (heard === "still_reading") {
    return listOf(ctx, { mirror: known, customerId, state: known ? "refreshing" : "loading" });
  }
  if (heard.kind !== "refused") {
    return listOf(ctx, { mirror: await readMirror({ ctx, input }), customerId, state: "current" });
  }
  if (heard.code === "not_found") {
    const detail = `the ERP knows no customer ${JSON.stringify(customerId)}: the embed token's sub is its internal id`;
    return { ...heard, detail };
  }
  if (!known || known.ageMs > (await standInMs(ctx))) return heard;
  return listOf(ctx, { mirror: known, customerId, state: "unreachable" });
}

/** How old a mirror may be that stands in for an ERP which cannot be asked, ms. */
export const standInMs = async ({ settings }: Context): Promise<number> =>
  Math.max(freshMs, (await settings.get("invoices.standInMinutes")) * 60_000);

function listOf(
  ctx: Context,
  { mirror, customerId, state }: { mirror: Mirror | null; customerId: string; state: Freshness["state"] },
): ListResult {
  const ageMs = mirror ? Math.max(0, Math.round(mirror.ageMs)) : null;
  const askAgainInMs =
    state === "current" ? null : state === "unreachable" ? lookAgainMs.unreachable : lookAgainMs.refreshing;
  const {
    customerName = plainName(customerId, "–"),
    list = { invoices: [], asOf: ctx.now().toISOString() },
  } = mirror ?? {};
  return {
    kind: "invoices",
    ...{ customerName, ageMs },
    list: {
      ...list,
      customer: { id: customerId, name: customerName },
      freshness: { state, ageMs, askAgainInMs },
    },
  };
}

/** What `work` comes to, unless it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | "still_reading"> {
  const { promise: late, resolve } = Promise.withResolvers<"still_reading">();
  const timer = setTimeout(resolve, ms, "still_reading" as const);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
