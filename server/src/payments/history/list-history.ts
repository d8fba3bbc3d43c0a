import { type PaymentQuery, type PortalPayments, type Refused, refused } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { timeZoneOf } from "../../context/seller.ts";
import { storedStates } from "../states.ts";
import { readCursor, startOf, writeCursor } from "./cursor.ts";
import { matchPayments } from "./match-payments.ts";
import { pageOfIds, pageOfMatches } from "./page-of-ids.ts";
import { readRows } from "./read-rows.ts";
import { listedOf } from "./views.ts";

/**
 * The tenant's payments, a page at a time: as fast at the millionth as at the first, for a page begins where the last
 * one ended (keyset) and nothing is counted.
 *
 * @returns refused `validation_failed`: a cursor that is none
 * @throws TenantUnavailable
 */
export async function listHistory(call: {
  ctx: Context;
  input: PaymentQuery;
}): Promise<{ kind: "page"; page: PortalPayments } | Refused> {
  const { ctx, input } = call;
  const { q, customer, currency, from, to, sort, limit } = input;
  const after = input.cursor === undefined ? startOf(sort) : readCursor(input.cursor);
  if (!after) return refused("validation_failed", { errors: [{ pointer: "/cursor", message: "is none" }] });
  const asked = {
    states: input.state ?? storedStates,
    ...{ currency: currency ?? null, from: from ?? null, to: to ?? null, sort, after },
    timeZone: await timeZoneOf(ctx),
    // One more than is shown says whether there is another page.
    limit: limit + 1,
  };
  const found =
    customer !== undefined
      ? { paymentIds: [], customerIds: [customer], invoice: { number: "", customerIds: [] } }
      : q
        ? await matchPayments({ ctx, input: { q } })
        : null;
  const ids = await (found ? pageOfMatches(ctx, { ...asked, matches: found }) : pageOfIds(ctx, asked));
  const shown = ids.slice(0, limit);
  const rows = await readRows(
    ctx,
    shown.map(({ id }) => id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const payments = shown.flatMap(({ id }) => byId.get(id) ?? []).map(listedOf);
  const end = shown.at(-1);
  return { kind: "page", page: { payments, next: ids.length > limit && end ? writeCursor(end) : null } };
}
