import { Hono } from "hono";
import type { TransactionSql } from "postgres";
import { z } from "zod";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";

/**
 * The batch job that posts payment journals: F&O has no OData action for it, so a caller can only
 * create, mark and read back. `soon`: journals whose last line is `delayMs` old; `manual`: none,
 * until `POST /demo/posting/run`.
 */
export class PostingJob {
  #mode: "soon" | "manual" = "soon";
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<unknown> = Promise.resolve();
  readonly #sql: Sql;
  readonly #delayMs: number;

  constructor(sql: Sql, delayMs: number) {
    this.#sql = sql;
    this.#delayMs = delayMs;
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#mode === "soon") this.#running = this.run(this.#delayMs).catch(console.error);
    }, 400);
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#running;
  }

  /** Posts every journal whose last line is at least `olderThanMs` old. @returns batch numbers. */
  async run(olderThanMs = 0): Promise<string[]> {
    return this.#sql.begin(async (tx) => {
      const due = await tx<{ company: string; batch: string }[]>`
        select company, batch from fo.journal_headers h
        where posted_at is null and (
          select max(l.created_at) from fo.journal_lines l where (l.company, l.batch) = (h.company, h.batch)
        ) <= now() - make_interval(secs => ${olderThanMs / 1000})
        order by company, batch for update skip locked`;
      for (const journal of due) await post(tx, journal);
      return due.map(({ batch }) => batch);
    });
  }

  /** `GET`/`POST /demo/posting` `{mode}`, `POST /demo/posting/run`. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>()
      .get("/demo/posting", (c) => c.json({ mode: this.#mode }))
      .post("/demo/posting", async (c) => {
        const body = z
          .object({ mode: z.enum(["soon", "manual"]) })
          .safeParse(await c.req.json().catch(() => null));
        if (!body.success) return c.json({ error: z.prettifyError(body.error) }, 400);
        this.#mode = body.data.mode;
        return c.json({ mode: this.#mode });
      })
      .post("/demo/posting/run", async (c) => c.json({ posted: await this.run() }));
  }
}

/** One journal: a payment transaction per line, settled against what the line marks, as far as it goes. */
async function post(
  tx: TransactionSql,
  { company, batch }: { company: string; batch: string },
): Promise<void> {
  const lines =
    await tx`select * from fo.journal_lines where company = ${company} and batch = ${batch} order by line`;
  for (const line of lines) {
    const several = await tx<{ invoice: string; amount: string }[]>`
      select invoice, amount from fo.marked_invoices where company = ${company} and batch = ${batch} and line = ${line.line}`;
    const marked =
      several.length === 0 && line.marked_invoice
        ? [{ invoice: line.marked_invoice, amount: line.credit }]
        : several;
    let settled = 0n;
    for (const { invoice, amount } of marked) {
      const [row] = await tx<{ took: string }[]>`
        with open as (
          select recid, least(amount - settled, ${amount}::numeric) as took from fo.cust_trans
          where company = ${company} and account = ${line.account} and invoice = ${invoice} and type = 'Sales' and amount > settled
          for update)
        update fo.cust_trans t set settled = t.settled + o.took, version = version + 1,
          closed = case when t.settled + o.took = t.amount then ${line.trans_date}::date end
        from open o where t.company = ${company} and t.recid = o.recid returning o.took::text`;
      if (!row) continue;
      settled += thousandths(row.took);
      await tx`insert into fo.settlements values (${company}, ${batch}, ${line.line}, ${invoice}, ${row.took})`;
    }
    await tx`
      insert into fo.cust_trans (company, account, type, voucher, currency, amount, settled, trans_date, due_date)
      values (${company}, ${line.account}, 'Payment', ${line.voucher}, ${line.currency}, ${line.credit}::numeric * -1,
        ${settled.toString()}::numeric / -1000, ${line.trans_date}, ${line.trans_date})`;
  }
  await tx`
    update fo.journal_headers set posted_at = now(), version = version + 1 where company = ${company} and batch = ${batch}`;
}

/** Sums of `numeric` text without floats; no currency here has more than three decimals. */
function thousandths(numeric: string): bigint {
  const [whole = "0", fraction = ""] = numeric.split(".");
  return BigInt(whole + fraction.padEnd(3, "0").slice(0, 3));
}
