import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import { toJsonNumber } from "../shared/decimal.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { CustomerPaymentBody, fieldsOf, unknownFields } from "./customer-payment-body.ts";
import { failure, RestError } from "./errors.ts";
import type { FeatureSwitches } from "./features.ts";
import type { Misapply } from "./misapply.ts";
import { postPayment } from "./post-payment.ts";

const recordPath = "/services/rest/record/v1";
const customerPaymentPath = `${recordPath}/customerPayment`;

interface Account {
  sql: Sql;
  features: FeatureSwitches;
  misapply: Misapply;
}

/** `customerPayment` over REST: create, by external id too, read by id or `eid:<external id>`, and its schema. */
export function customerPaymentRoutes(account: Account): Hono<ErpEnv> {
  const { sql, features } = account;
  return new Hono<ErpEnv>()
    .get(`${recordPath}/metadata-catalog/customerPayment`, (c) => {
      const properties = Object.fromEntries(fieldsOf(features.now).map((name) => [name, {}]));
      return c.json({ type: "object", properties }, 200, { "content-type": "application/schema+json" });
    })
    .post(customerPaymentPath, (c) => save(c, account, null))
    .put(`${customerPaymentPath}/:key{eid:.+}`, (c) =>
      save(c, account, c.req.param("key").slice("eid:".length)),
    )
    .get(`${customerPaymentPath}/:key`, async (c) => {
      const expand = c.req.query("expandSubResources") === "true";
      const record = await read(sql, { key: c.req.param("key"), expand });
      if (record)
        return c.json(record, 200, { "content-type": "application/vnd.oracle.resource+json; type=singular" });
      return failure(c, 404, {
        detail: "The record instance does not exist. Provide a valid record instance ID.",
        code: "NONEXISTENT_ID",
      });
    });
}

async function save(c: Context, account: Account, pathId: string | null): Promise<Response> {
  const { features, misapply } = account;
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
    const [first] = unknownFields(sent, features.now);
    if (first) {
      return failure(c, 400, {
        detail: `Unknown reference or field name '${first}' in the request body.`,
        code: "INVALID_CONTENT",
        path: first,
      });
    }
  }
  try {
    const id = await postPayment(account.sql, {
      body: body.data,
      externalId: pathId ?? body.data.externalId ?? null,
      features: features.now,
      misapply: misapply.take(),
    });
    c.header("location", `${new URL(c.req.url).origin}${customerPaymentPath}/${id}`);
    return c.body(null, 204);
  } catch (error) {
    if (error instanceof RestError) return failure(c, error.status, error.error);
    throw error;
  }
}

/** @param input.expand sublists come along, else as links alone */
async function read(
  sql: Sql,
  { key, expand }: { key: string; expand: boolean },
): Promise<Record<string, unknown> | null> {
  const eid = key.startsWith("eid:") ? key.slice("eid:".length) : null;
  const [row] = await sql`
    select t.id, t.tranid, t.externalid, t.entity, t.currency, t.trandate, t.foreigntotal, t.memo, t.subsidiary,
      c.companyname, y.symbol, b.account,
      a.applied, t.foreigntotal - a.applied as unapplied
    from suiteql.transaction t
    join suiteql.customer c on c.id = t.entity
    join suiteql.currency y on y.id = t.currency
    join erp.payment_bodies b on b.payment = t.id
    cross join lateral (
      select coalesce(sum(amount), 0) as applied from erp.applications where payment = t.id) a
    where t.type = 'CustPymt' and ${eid === null ? sql`t.id::text = ${key}` : sql`t.externalid = ${eid}`}`;
  if (!row) return null;
  const items = await sql`
    select a.invoice, a.amount, t.tranid, t.applyline from erp.applications a
    join suiteql.transaction t on t.id = a.invoice where a.payment = ${row.id} order by a.invoice`;
  return {
    id: String(row.id),
    tranId: row.tranid,
    externalId: row.externalid,
    customer: { id: String(row.entity), refName: row.companyname },
    currency: { id: String(row.currency), refName: row.symbol },
    subsidiary: { id: String(row.subsidiary) },
    undepFunds: { id: row.account === null ? "T" : "F" },
    ...(row.account === null ? {} : { account: { id: String(row.account) } }),
    tranDate: row.trandate,
    payment: toJsonNumber(row.foreigntotal),
    applied: toJsonNumber(row.applied),
    unapplied: toJsonNumber(row.unapplied),
    memo: row.memo,
    apply: expand
      ? {
          items: items.map((item) => ({
            doc: { id: String(item.invoice), refName: item.tranid },
            apply: true,
            amount: toJsonNumber(item.amount),
            line: item.applyline,
          })),
          totalResults: items.length,
        }
      : { links: [{ rel: "self", href: `${customerPaymentPath}/${row.id}/apply` }] },
  };
}
