import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import { toJsonNumber } from "../shared/decimal.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { CustomerPaymentBody, unknownFields } from "./customer-payment-body.ts";
import { failure, RestError } from "./errors.ts";
import { type PostPayment, postPayment } from "./post-payment.ts";

const customerPaymentPath = "/services/rest/record/v1/customerPayment";

/** `customerPayment` over REST: create, upsert by external id, read by id or `eid:<external id>`. */
export function customerPaymentRoutes(sql: Sql): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .post(customerPaymentPath, (c) => save(c, sql, { mode: "insert", externalId: null }))
    .put(`${customerPaymentPath}/:key{eid:.+}`, (c) =>
      save(c, sql, { mode: "upsert", externalId: c.req.param("key").slice("eid:".length) }),
    )
    .get(`${customerPaymentPath}/:key`, async (c) => {
      const record = await read(sql, c.req.param("key"));
      if (record)
        return c.json(record, 200, { "content-type": "application/vnd.oracle.resource+json; type=singular" });
      return failure(c, 404, {
        detail: "The record instance does not exist. Provide a valid record instance ID.",
        code: "NONEXISTENT_ID",
      });
    });
}

async function save(c: Context, sql: Sql, how: Pick<PostPayment, "mode" | "externalId">): Promise<Response> {
  const sent = await c.req.json().catch(() => null);
  const body = CustomerPaymentBody.safeParse(sent);
  if (!body.success) {
    const issue = body.error.issues[0];
    return failure(c, 400, {
      detail: `Invalid content in the request body: ${z.prettifyError(body.error)}`,
      code: "INVALID_CONTENT",
      path: issue?.path.join(".") ?? "",
    });
  }
  if (c.req.header("x-netsuite-propertynamevalidation")?.toLowerCase() === "error") {
    const [first] = unknownFields(sent);
    if (first) {
      return failure(c, 400, {
        detail: `Unknown reference or field name '${first}' in the request body.`,
        code: "INVALID_CONTENT",
        path: first,
      });
    }
  }
  try {
    const externalId = how.externalId ?? body.data.externalId ?? null;
    const { id } = await postPayment(sql, { body: body.data, mode: how.mode, externalId });
    c.header("location", `${new URL(c.req.url).origin}${customerPaymentPath}/${id}`);
    return c.body(null, 204);
  } catch (error) {
    if (error instanceof RestError) return failure(c, error.status, error.error);
    throw error;
  }
}

async function read(sql: Sql, key: string): Promise<Record<string, unknown> | null> {
  const eid = key.startsWith("eid:") ? key.slice("eid:".length) : null;
  const [row] = await sql`
    select t.id, t.tranid, t.externalid, t.entity, t.currency, t.trandate, t.foreigntotal, t.memo, c.companyname, y.symbol
    from suiteql.transaction t
    join suiteql.customer c on c.id = t.entity
    join suiteql.currency y on y.id = t.currency
    where t.type = 'CustPymt' and ${eid === null ? sql`t.id::text = ${key}` : sql`t.externalid = ${eid}`}`;
  if (!row) return null;
  const items = await sql`
    select a.invoice, a.amount, t.tranid from erp.applications a
    join suiteql.transaction t on t.id = a.invoice where a.payment = ${row.id} order by a.invoice`;
  return {
    id: String(row.id),
    tranId: row.tranid,
    externalId: row.externalid,
    customer: { id: String(row.entity), refName: row.companyname },
    currency: { id: String(row.currency), refName: row.symbol },
    tranDate: row.trandate,
    payment: toJsonNumber(row.foreigntotal),
    memo: row.memo,
    apply: {
      items: items.map((item, line) => ({
        doc: { id: String(item.invoice), refName: item.tranid },
        apply: true,
        amount: toJsonNumber(item.amount),
        line,
      })),
    },
  };
}
