import { longest, plainLine } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { sellerOf } from "../../context/seller.ts";
import { type ReadAddresses, readAddresses } from "../../email/read-addresses.ts";
import { buildReceipt } from "../../email/receipt.ts";
import { receiptHtml } from "../../email/receipt-html.ts";
import { receiptText } from "../../email/receipt-text.ts";
import { sendMail } from "../../email/smtp.ts";
import { afterStep, beforeStep } from "../../hooks/run.ts";
import type { DeliveryOutcome } from "../../outbox/delivery.ts";
import { currentTheme } from "../../themes/current-theme.ts";
import { aboutPayment } from "../attempt.ts";
import type { PaymentRow } from "../statements/payment-row.ts";

/** What a hook may add and word. */
const mostExtraLines = 20;
const longestSubject = 250;

interface CustomerRow {
  tenant_id: string;
  name: string;
  email: string | null;
}

/**
 * SendReceipt: the receipt in the tenant's brand, from the tenant's own mail server, one mail to every address that can
 * be read of the customer's record. Done without a mail, `status` says why, when the customer has no address on file or
 * the tenant no mail server. Addresses that are none, or that the mail server refuses beside one that it takes, are
 * counted in the result (`unusable`, `rejected`) and so in the audit log; with no good one it is a dead letter.
 *
 * The Message-ID is the outbox row's id, so that a mail sent twice, after a crash between the mail
 * server's yes and our commit, is one message to whoever removes duplicates.
 */
export async function sendReceipt({
  ctx,
  input: { payment, outboxId, signal },
}: {
  ctx: Context;
  input: { payment: PaymentRow; outboxId: string; signal: AbortSignal };
}): Promise<DeliveryOutcome> {
  const config = await ctx.settings.get("smtp");
  if (!config) return { kind: "done", result: { status: "not_configured" } };
  const customer = await findCustomer(ctx, payment.customer_id);
  const onFile = customer?.email ?? "";
  if (!customer || isNone(readAddresses(onFile))) return { kind: "done", result: { status: "no_address" } };

  const receipt = buildReceipt({ payment, customerName: customer.name, seller: await sellerOf(ctx) });
  const about = aboutPayment(ctx, payment);
  const { to, subject, extraLines } = await beforeStep({
    ...{ ctx, step: "SendReceipt", about },
    input: { to: onFile, subject: receipt.subject, extraLines: [] },
  });
  // A plugin is not type-checked when it runs.
  const extra = Array.isArray(extraLines) ? extraLines : [];
  const facts = [
    ...receipt.facts,
    ...extra.slice(0, mostExtraLines).map(({ label, value }) => ({
      label: plainLine(String(label), longest.name),
      value: plainLine(String(value), longest.name),
    })),
  ];
  const worded = { ...receipt, subject: plainLine(String(subject), longestSubject), facts };
  const receivers = readAddresses(to);
  const password = config.user ? await ctx.settings.get("smtp.password") : null;

  const sent = await sendMail(
    {
      id: outboxId,
      to: receivers.good,
      subject: worded.subject,
      html: receiptHtml(worded, await currentTheme({ ctx })),
      text: receiptText(worded),
    },
    { config, password, signal, network: ctx.network },
  );
  if (sent.kind === "rejected") return { kind: "undeliverable", cause: sent.cause };
  if (sent.kind === "retry") return { ...sent, retryAfterMs: null };
  await afterStep({ ctx, step: "SendReceipt", about, output: { messageId: sent.messageId } });
  const { messageId, rejected } = sent;
  const unusable = receivers.bad.length;
  const missed = { ...(unusable > 0 && { unusable }), ...(rejected > 0 && { rejected }) };
  if (unusable + rejected > 0) {
    ctx.log.warn({ paymentId: payment.id, ...missed }, "a receipt went to some of its addresses only");
  }
  const reached = receivers.good.length - rejected;
  return { kind: "done", result: { status: "sent", messageId, receivers: reached, ...missed } };
}

const isNone = ({ good, bad }: ReadAddresses): boolean => good.length + bad.length === 0;

async function findCustomer(ctx: Context, customerId: string): Promise<CustomerRow | null> {
  const [row] = await ctx.db.query<CustomerRow>`
    select tenant_id, name, email from pay.customers
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${customerId}`;
  return row ?? null;
}
